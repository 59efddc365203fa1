/** Transfers through the whole gateway: the folder that its operator names, and clients who hang up. */
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { request } from '../../bench/wire.ts';
import { startVCenter, type VCenter } from '../../lab/vcenter/vcenter.ts';
import { type BreakingProxy, startBreakingProxy } from '../support/breaking-proxy.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';

let folder: string;
let vcenter: VCenter;
let proxy: BreakingProxy;
let gateway: TestGateway;
let datastore: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcvsphere-files-'));
  vcenter = await startVCenter({ vms: 10, tls: false });
  proxy = await startBreakingProxy(new URL(vcenter.url).host);
  gateway = await startGateway({ ...vcenter, url: `http://${proxy.host}/sdk` }, { MCP_FILES_DIR: folder });
  for (const each of vcenter.world.objects.all('Datastore')) {
    if (each.get('summary').accessible && each.get('vm').length > 0) datastore = each.id;
  }
});
afterAll(async () => {
  await gateway?.close();
  await proxy?.close();
  await vcenter?.stop();
  await rm(folder, { recursive: true, force: true });
});

function call(name: string, args: object, signal?: AbortSignal) {
  const { headers, body } = request('2026-07-28', 'tools/call', { name, arguments: { datastore, ...args } });
  return fetch(gateway.url, { method: 'POST', headers, body, ...(signal && { signal }) });
}

const outcomes = () => gateway.records().filter(({ event }) => event === 'TOOL_OUTCOME');
const lying = () => {
  const store = vcenter.world.objects.get({ type: 'Datastore', value: datastore }, 'Datastore');
  return vcenter.world.files
    .of(store)
    .list('')
    .map(({ name }) => name);
};

it('reads and writes in the folder that its operator names', async () => {
  await writeFile(join(folder, 'here.txt'), 'from here');
  expect((await call('upload_to_datastore', { remote_path: 'there.txt', local_path: 'here.txt' })).status).toBe(200);
  await (await call('download_from_datastore', { path: 'there.txt', save_to: 'back.txt' })).text();
  expect(await readFile(join(folder, 'back.txt'), 'utf8')).toBe('from here');
});

it.each([
  ['upload_to_datastore', { remote_path: 'hung-up.iso', local_path: 'hung-up.iso' }, 'PUT /folder/'],
  ['download_from_datastore', { path: 'large.iso', save_to: 'hung-up.back' }, 'GET /folder/large.iso'],
])('ends %s, and leaves nothing, when the client hangs up', async (tool, args, sent) => {
  await writeFile(join(folder, 'hung-up.iso'), '');
  await truncate(join(folder, 'hung-up.iso'), 1024 ** 3);
  const store = vcenter.world.objects.get({ type: 'Datastore', value: datastore }, 'Datastore');
  vcenter.world.files.of(store).write('large.iso', { size: 1024 ** 3 });
  const before = outcomes().length;
  const already = proxy.count(sent);
  const hangUp = new AbortController();
  const answer = call(tool, args, hangUp.signal).then((response) => response.text());
  answer.catch(() => {});
  await vi.waitUntil(() => proxy.count(sent) > already, 10_000);
  hangUp.abort();
  await expect(answer).rejects.toThrow(/abort/);
  await vi.waitUntil(() => outcomes().length > before, 20_000);
  expect(outcomes().at(-1)).toMatchObject({ tool, error_code: 'CANCELLED' });
  expect(lying().filter((name) => /part$|hung-up/.test(name))).toEqual([]);
  expect((await readdir(folder)).filter((name) => /part$|back$/.test(name))).toEqual([]);
});
