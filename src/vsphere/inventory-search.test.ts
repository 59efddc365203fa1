import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AddressFields, matchOf, parseWords } from './inventory-search.ts';

const vm = { name: 'Web01', id: 'vm-42' };
const fields: AddressFields = {
  'guest.hostName': 'web01.example.com',
  'guest.ipAddress': '10.1.2.3',
  'guest.net': [{ ipAddress: ['10.1.2.3', 'fe80::250:56ff:fe9a:1'], macAddress: '00:50:56:9A:00:01' }],
  'config.hardware.device': [{ $type: 'VirtualVmxnet3', key: 4000, macAddress: '00:0c:29:aa:bb:cc' } as never],
};
const search = (query: string, about: AddressFields = fields) => matchOf(vm, about, parseWords(query));

describe('parseWords', () => {
  it.each([
    ['10.1', '10.1', undefined],
    ['.2.3', '.2.3', undefined],
    ['10', undefined, undefined],
    ['fe80::1', 'fe80::1', undefined],
    ['00:50:56', '00:50:56', '005056'],
    ['00-50-56-9a-00-01', undefined, '0050569a0001'],
    ['0050.569a.0001', undefined, '0050569a0001'],
    ['0050569A0001', undefined, '0050569a0001'],
    ['web', undefined, undefined],
    ['db-cafe-01', undefined, undefined],
    ['v1.2', undefined, undefined],
  ])('takes %o for the IP %o and the MAC %o', (query, ip, mac) => {
    expect(parseWords(query)).toMatchObject({ ip, mac });
  });

  it('ends on whatever it is given', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200, unit: 'binary' }), (query) => {
        expect(search(query) === undefined || search(query)?.matched !== undefined).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('matchOf', () => {
  it.each([
    ['WEB', 'name', 'Web01'],
    ['vm-42', 'id', 'vm-42'],
    ['example.COM', 'hostname', 'web01.example.com'],
    ['10.1.2', 'ip_address', '10.1.2.3'],
    ['fe80::250', 'ip_address', 'fe80::250:56ff:fe9a:1'],
    ['00:50:56:9a', 'mac_address', '00:50:56:9A:00:01'],
    ['aa-bb-cc', 'mac_address', '00:0c:29:aa:bb:cc'],
    ['000C.29AA.BBCC', 'mac_address', '00:0c:29:aa:bb:cc'],
  ])('finds by %o', (query, matchedBy, matched) => {
    expect(search(query)).toEqual({ matchedBy, matched });
  });

  it.each(['vm-4', 'web02', '10.1.2.30', '00:50:57', 'guest.*', '%'])('does not find by %o', (query) => {
    expect(search(query)).toBeUndefined();
  });

  it('finds a host by the addresses of its adapters', () => {
    const host: AddressFields = {
      'config.network.vnic': [{ spec: { ip: { ipAddress: '192.168.7.9' }, mac: '00:50:56:00:00:07' } }],
      'config.network.pnic': [{ mac: 'a0:b1:c2:d3:e4:f5' }],
    };
    expect(search('192.168.7', host)).toEqual({ matchedBy: 'ip_address', matched: '192.168.7.9' });
    expect(search('00:50:56:00:00:07', host)).toMatchObject({ matchedBy: 'mac_address' });
    expect(search('a0:b1', host)).toEqual({ matchedBy: 'mac_address', matched: 'a0:b1:c2:d3:e4:f5' });
  });

  it('does without addresses', () => {
    expect(search('10.1.2.3', {})).toBeUndefined();
  });
});
