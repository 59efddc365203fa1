import { lookup } from 'node:dns/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { type DnsAnswer, type DnsServer, type Question, startDnsServer } from '../../test/support/dns-server.ts';
import { createAddressLookup } from './address-lookup.ts';

let dns: DnsServer | undefined;
afterEach(() => dns?.close());

async function asking(answer: (question: Question) => DnsAnswer) {
  dns = await startDnsServer(answer);
  const lookUp = createAddressLookup([dns.address]);
  return { dns, lookUp: (host: string, signal = AbortSignal.timeout(20_000)) => lookUp(host, signal) };
}

describe('the addresses of a host', () => {
  it('are those of both families, each asked for once', async () => {
    const { dns, lookUp } = await asking(() => ['192.0.2.1', '192.0.2.2', '2001:db8::1', '::ffff:7f00:1']);
    expect(await lookUp('client.example.com')).toEqual([
      { address: '192.0.2.1', family: 4 },
      { address: '192.0.2.2', family: 4 },
      { address: '2001:db8::1', family: 6 },
      { address: '::ffff:127.0.0.1', family: 6 },
    ]);
    expect(dns.questions.map(({ name, type }) => `${name} ${type}`).sort()).toEqual([
      'client.example.com A',
      'client.example.com AAAA',
    ]);
  });

  it.each<[string, (type: Question['type']) => DnsAnswer]>([
    ['nothing', (type) => (type === 'A' ? ['192.0.2.1'] : [])],
    ['that there is none', (type) => (type === 'A' ? ['192.0.2.1'] : 'NXDOMAIN')],
    ['that it failed', (type) => (type === 'A' ? ['192.0.2.1'] : 'SERVFAIL')],
    ['no word', (type) => (type === 'A' ? ['192.0.2.1'] : undefined)],
  ])('are those of one family where the server says %s of the other', async (_what, answer) => {
    const { lookUp } = await asking(({ type }) => answer(type));
    expect(await lookUp('client.example.com')).toEqual([{ address: '192.0.2.1', family: 4 }]);
  });

  it('are those at the end of a chain of names', async () => {
    const chain = Array.from({ length: 8 }, (_, i) => `CNAME hop-${i}.example.net`);
    const { lookUp } = await asking(({ type }) => (type === 'A' ? [...chain, '10.0.0.1'] : chain));
    expect(await lookUp('client.example.com')).toEqual([{ address: '10.0.0.1', family: 4 }]);
  });

  it.each<[string, DnsAnswer]>([
    ['a chain that ends nowhere', ['CNAME a.example.net', 'CNAME b.example.net']],
    ['a chain in a circle', ['CNAME a.example.net', 'CNAME client.example.com', 'CNAME a.example.net']],
    ['nothing', []],
    ['that there is none', 'NXDOMAIN'],
    ['that it failed', 'SERVFAIL'],
    ['what is no answer', 'garbage'],
  ])('are none where the server says %s', async (_what, answer) => {
    const { lookUp } = await asking(() => answer);
    await expect(lookUp('client.example.com')).rejects.toThrow('the host has no address');
  });

  it('are refused where there are a hundred', async () => {
    const many = Array.from({ length: 100 }, (_, i) => `192.0.2.${i + 1}`);
    const { lookUp } = await asking(({ type }) => (type === 'A' ? many : []));
    await expect(lookUp('client.example.com')).rejects.toThrow(/more than 32 addresses/);
  });

  it.each(['intranet', 'localhost', 'localhost.', 'a.localhost', 'a.localhost.'])(
    'are not asked for where it is called %s',
    async (host) => {
      const { dns, lookUp } = await asking(() => ['192.0.2.1']);
      await expect(lookUp(host)).rejects.toThrow(/no name of the internet/);
      expect(dns.questions).toEqual([]);
    },
  );
});

describe('a look-up that nobody answers', () => {
  it('ends with its signal, without another try', async () => {
    const { dns, lookUp } = await asking(() => undefined);
    const ending = new AbortController();
    const looking = lookUp('client.example.com', ending.signal);
    await expect.poll(() => dns.questions.length).toBe(2);
    ending.abort(new Error('the end'));
    await expect(looking).rejects.toThrow('the end');
    expect(dns.questions.length).toBe(2);
  });

  it('asks nothing where its signal has ended before', async () => {
    const { dns, lookUp } = await asking(() => ['192.0.2.1']);
    await expect(lookUp('client.example.com', AbortSignal.abort(new Error('the end')))).rejects.toThrow('the end');
    expect(dns.questions).toEqual([]);
  });

  it('ends by itself where its signal does not', async () => {
    const { lookUp } = await asking(() => undefined);
    await expect(lookUp('client.example.com', new AbortController().signal)).rejects.toThrow('the host has no address');
  });

  it('holds up no other look-up of the process, however many there are', async () => {
    const { dns, lookUp } = await asking(() => undefined);
    const endings = Array.from({ length: 50 }, () => new AbortController());
    let settled = 0;
    const looking = endings.map(({ signal }, i) =>
      lookUp(`slow-${i}.example.com`, signal).finally(() => {
        settled += 1;
      }),
    );
    const ends = Promise.allSettled(looking);
    await expect.poll(() => new Set(dns.questions.map(({ name }) => name)).size).toBe(50);
    expect(await lookup('localhost')).toMatchObject({ family: expect.any(Number) });
    expect(settled).toBe(0);
    for (const ending of endings) ending.abort();
    await ends;
    expect(settled).toBe(50);
  });
});
