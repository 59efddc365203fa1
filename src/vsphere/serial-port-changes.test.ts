import { describe, expect, it } from 'vitest';
import { serviceUri } from './serial-port-changes.ts';

const server = { protocol: 'telnet', port: 2001, direction: 'server', remoteHost: undefined } as const;
const client = { ...server, direction: 'client' } as const;

describe('serviceUri', () => {
  it('lets a server listen on its host, whatever that is', () => {
    expect(serviceUri(server)).toBe('telnet://:2001');
    expect(serviceUri({ ...server, protocol: 'tcp+ssl' })).toBe('tcp+ssl://:2001');
  });

  it.each([
    ['log.corp.example', 'telnet://log.corp.example:2001'],
    ['192.0.2.7', 'telnet://192.0.2.7:2001'],
    ['2001:db8::7', 'telnet://[2001:db8::7]:2001'],
    ['::1', 'telnet://[::1]:2001'],
  ])('leads a client to %s', (remoteHost, uri) => {
    expect(serviceUri({ ...client, remoteHost })).toBe(uri);
  });

  it.each([
    'a b',
    'a/b',
    'user@host',
    'host:99',
    'host?x',
    'host\n',
    '-a',
    'a..b',
    '[::1]',
    'x'.repeat(300),
    'ä.example',
  ])('takes %o for no machine', (remoteHost) => {
    expect(() => serviceUri({ ...client, remoteHost })).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  });

  it('wants a machine for a client, and none for a server', () => {
    expect(() => serviceUri(client)).toThrow(/remote_host/);
    expect(() => serviceUri({ ...server, remoteHost: 'a' })).toThrow(/remote_host/);
  });
});
