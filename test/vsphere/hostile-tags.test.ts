/** Tags of a server that answers within the bounds of one answer, and means to use up the gateway by it. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/lib/logger.ts';
import { Secret } from '../../src/lib/secret.ts';
import { createRestClient } from '../../src/vim25/rest-client.ts';
import { createTransport, type Transport } from '../../src/vim25/transport.ts';
import { createTagCatalog, type TagCatalog } from '../../src/vsphere/tag-catalog.ts';
import { createTags } from '../../src/vsphere/tags.ts';
import { standingClock } from '../vim25/connect.ts';
import { failure } from './connect.ts';

const { signal } = new AbortController();
const MB = 1024 * 1024;

describe('tags of a hostile server', () => {
  let server: Server;
  let transport: Transport;
  let catalog: TagCatalog;
  let asked: string[];
  /** Undefined: no answer. */
  let answer: (line: string) => unknown;

  beforeEach(async () => {
    asked = [];
    server = createServer((request, response) => {
      const line = `${request.method} ${request.url}`;
      asked.push(line);
      const value = line === 'POST /api/session' ? 'token' : answer(line);
      if (value !== undefined) response.end(JSON.stringify(value));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/sdk`);
    transport = createTransport({ url, tls: { insecure: true }, userAgent: 'mcvsphere-test' });
    const account = { username: 'svc', password: new Secret('password') };
    const clock = standingClock();
    const rest = createRestClient({ transport, ...account, clock, logger: createLogger('silent') });
    catalog = createTagCatalog({ rest, clock });
  });

  afterEach(async () => {
    await transport.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const isList = (line: string) => /^GET .*\/(tag|category)$/.test(line);
  const ids = (count: number) => Array.from({ length: count }, (_, i) => `urn:tag:${i}`);

  it('are gathered from one entry for each object without going through them again for each', async () => {
    const count = 100_000;
    const one = (i: number) => ({ tag_id: 'urn:a', object_ids: [{ type: 'VirtualMachine', id: `vm-${i}` }] });
    answer = () => Array.from({ length: count }, (_, i) => one(i));
    expect((await catalog.objectsOf(['urn:a'], signal)).get('urn:a')).toHaveLength(count);

    const ref = { type: 'VirtualMachine', value: 'vm-1' };
    const other = (i: number) => ({ object_id: { type: ref.type, id: ref.value }, tag_ids: [`urn:tag:${i}`] });
    answer = () => Array.from({ length: count }, (_, i) => other(i));
    expect((await catalog.idsOf([ref], signal)).get('vm-1')).toHaveLength(count);
  });

  it('are given up where more is attached than there can be', async () => {
    const object = { type: 'V', id: 'v' };
    answer = () => [{ tag_id: 'urn:a', object_ids: Array.from({ length: 500_001 }, () => object) }];
    expect(await failure(catalog.objectsOf(['urn:a'], signal))).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('more objects than there can be'),
    });
  });

  it('leave nothing of a long description but its beginning in memory', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const count = 20;
    const description = 'ä'.repeat(MB);
    answer = (line) => (isList(line) ? ids(count) : { name: 'name', description });
    collect();
    const before = process.memoryUsage().heapUsed;
    const tags = await catalog.all(signal);
    collect();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan((count * description.length) / 2);
    expect(tags.map((tag) => tag.description.length)).toEqual(Array.from({ length: count }, () => 2048));
  });

  it('are told apart in one pass, however many fit', async () => {
    const all = Array.from({ length: 20_000 }, (_, i) => ({
      id: `urn:tag:${i}`,
      name: 'web',
      category: `a category with a name that is as long as the others ${100_000 + i}`,
      description: '',
    }));
    const tags = createTags({ server: 'test', catalog: { ...catalog, all: async () => all }, signal });
    const { code, message } = await failure(tags.find('web'));
    expect(code).toBe('AMBIGUOUS');
    expect(message).toMatch(/^20000 tags fit "web"; .* and \d+ more$/);
  });

  it('are asked for once, however many want them at the same time', async () => {
    answer = (line) => (isList(line) ? ids(40) : { name: 'name' });
    const lists = await Promise.all(Array.from({ length: 20 }, () => catalog.all(new AbortController().signal)));
    for (const list of lists) expect(list).toHaveLength(40);
    const single = asked.filter((line) => line.includes('urn'));
    expect(new Set(single).size).toBe(80);
    expect(single).toHaveLength(80);
  });

  it('that never come keep nobody but who still waits for them, and the next one asks again', async () => {
    answer = (line) => (isList(line) ? (line.endsWith('/tag') ? ids(1) : []) : undefined);
    const first = new AbortController();
    const second = new AbortController();
    const left = failure(catalog.all(first.signal));
    await expect.poll(() => asked.filter((line) => line.includes('urn')).length).toBe(1);
    const waiting = failure(catalog.all(second.signal));
    const staying = catalog.all(signal);
    await expect.poll(() => asked.filter((line) => line.endsWith('/tag')).length).toBe(3);
    second.abort();
    expect(await waiting).toMatchObject({ code: 'CANCELLED' });
    expect(asked.filter((line) => line.includes('urn'))).toHaveLength(1);
    answer = () => ({ name: 'late' });
    first.abort();
    expect(await left).toMatchObject({ code: 'CANCELLED' });
    expect((await staying).map(({ name }) => name)).toEqual(['late']);
  });
});
