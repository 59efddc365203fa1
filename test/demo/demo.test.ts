import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { basename } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PERMISSION_LEVELS } from '../../src/policy/levels.ts';
import { tools } from '../../src/tools/index.ts';
import { auditRecords } from '../support/audit-file.ts';
import { callTool, listed, post } from '../support/mcp.ts';
import { createUserAgent } from '../support/user-agent.ts';
import { BY_NPM, type DemoPlace, demoPlace, type RunningDemo } from './demo-process.ts';

const place: DemoPlace = demoPlace();
afterAll(() => place.clear());

const HOLDERS = [
  ['reader', 'vsphere-readers'],
  ['operator', 'vsphere-operators'],
  ['admin', 'vsphere-admins'],
  ['host-admin', 'vsphere-host-admins'],
  ['super-admin', 'vsphere-super-admins'],
] as const;

describe('npm run demo', { timeout: 60_000 }, () => {
  let demo: RunningDemo;
  beforeAll(async () => {
    demo = await place.start([], BY_NPM);
  }, 60_000);

  const call = (user: string, name: string, args: Record<string, unknown> = {}) =>
    callTool(demo.mcp, name, args, { token: demo.users.get(user)?.token });

  async function someVm(powerState: string): Promise<string> {
    const { content } = await call('reader', 'list_vms', { power_state: powerState, limit: 1 });
    return (content.vms as { name: string }[])[0]?.name ?? '';
  }

  it('prints what a person needs', () => {
    expect(demo.output()).toContain(`claude mcp add -t http vsphere-demo ${demo.mcp}\n`);
    expect([...demo.users.values()].map(({ name, group }) => [name, group])).toEqual([
      ...HOLDERS,
      ['guest', '(no group)'],
    ]);
    expect(demo.output()).toMatch(/^Users, all with the password lab\b/m);
    expect(existsSync(demo.value('Audit:'))).toBe(true);
    expect(demo.value('Audit:').startsWith(demo.value('Folder:'))).toBe(true);
    expect(demo.output()).not.toContain('WARNING');
  });

  it.each(HOLDERS)('has %s be what the group says', async (user, group) => {
    const { content } = await call(user, 'whoami');
    expect(content).toMatchObject({ user, groups: [{ group }] });
  });

  it.each(HOLDERS.map(([user], rank) => [user, rank] as const))(
    'lets %s call the tools of the level and of those below, and no other',
    async (user, rank) => {
      for (const [index, level] of PERMISSION_LEVELS.entries()) {
        const tool = tools.find(({ permission, name }) => permission === level && name !== 'whoami');
        if (!tool) continue;
        // Without arguments, so that it gets no further than its input: the decision comes before.
        const { text } = await call(user, tool.name, { nonsense: true });
        expect([tool.name, text.startsWith('PERMISSION_DENIED')]).toEqual([tool.name, index > rank]);
      }
    },
  );

  it('gives a reader the VMs, and no power over them', async () => {
    const { content } = await call('reader', 'list_vms');
    expect(demo.output()).toContain(`with ${content.total} VMs and ${40 - Number(content.total)} templates`);
    const { isError } = await call('reader', 'power_off', { name: await someVm('poweredOn') });
    expect(isError).toBe(true);
  });

  it('lets an operator switch a VM off, and not change it', async () => {
    const name = await someVm('poweredOn');
    expect(await call('operator', 'power_off', { name })).toMatchObject({ isError: false });
    const { content } = await call('reader', 'get_vm_info', { name });
    expect(content.power_state).toBe('poweredOff');
    expect((await call('operator', 'reconfigure_vm', { name, annotation: 'mine' })).isError).toBe(true);
  });

  it.each(['admin', 'host-admin', 'super-admin'])('lets %s change a VM', async (user) => {
    const name = await someVm('poweredOff');
    expect(await call(user, 'reconfigure_vm', { name, annotation: `of ${user}` })).toMatchObject({ isError: false });
    expect((await call('reader', 'get_vm_info', { name })).content.annotation).toBe(`of ${user}`);
  });

  it('shows nothing to a guest, whose login is refused', async () => {
    const { token } = demo.users.get('guest')!;
    expect(await listed(demo.mcp, 'tools/list', { token })).not.toContain('list_vms');
    expect((await call('guest', 'list_vms')).isError).toBe(true);
    await expect(logIn(demo.mcp, 'guest')).rejects.toThrow(/None of your groups gives any right/);
  });

  it('logs a person in through the browser', async () => {
    const token = await logIn(demo.mcp, 'admin');
    const { content } = await callTool(demo.mcp, 'whoami', {}, { token });
    expect(content).toMatchObject({ user: 'admin', groups: [{ group: 'vsphere-admins' }] });
  });

  it('puts on the record who did what, and who was denied', async () => {
    const written = auditRecords(demo.value('Audit:')).map(({ event, user, tool }) => ({ event, user, tool }));
    expect(written).toContainEqual({ event: 'TOOL_INTENT', user: 'operator', tool: 'power_off' });
    expect(written).toContainEqual({ event: 'PERMISSION_DENIED', user: 'reader', tool: 'power_off' });
  });

  it('stops on Ctrl-C with nothing left behind', async () => {
    const { port } = new URL(demo.mcp);
    expect(await demo.interrupt()).toBe(0);
    expect(existsSync(demo.value('Folder:'))).toBe(false);
    expect(place.left()).toEqual([]);
    await expect(fetch(`http://127.0.0.1:${port}/mcp`)).rejects.toThrow();
    await expect(fetch(demo.value('Provider:'))).rejects.toThrow();
  });
});

describe('Ctrl-C while it starts', { timeout: 60_000 }, () => {
  it.each([
    ['its folder is there', '.'],
    ['it is being prepared', 'program/lab/demo/main.js'],
    ['the gateway starts', 'audit.jsonl'],
  ])('leaves nothing behind: %s', async (_when, file) => {
    expect(await place.interruptAt(file)).toBe(0);
    expect(place.left()).toEqual([]);
  });
});

describe('its options', { timeout: 60_000 }, () => {
  it('--esxi gives two standalone hosts, and writes nowhere but in its folder', async () => {
    const demo = await place.start(['--esxi', '--vms', '9']);
    const token = demo.users.get('reader')?.token;
    const { content } = await callTool(demo.mcp, 'list_servers', {}, { token });
    const hosts = (content.servers as { host: string }[]).map(({ host }) => host);
    expect(hosts).toHaveLength(2);
    const counts = await Promise.all(
      hosts.map(async (host) => (await callTool(demo.mcp, 'list_vms', { host }, { token })).content.total),
    );
    expect(counts).toEqual([5, 4]);
    expect(place.left()).toEqual([basename(demo.value('Folder:'))]);
    expect(await demo.interrupt()).toBe(0);
    expect(place.left()).toEqual([]);
  });

  it('--slow has tasks take their time, so that progress shows', async () => {
    const demo = await place.start(['--slow', '--vms', '12']);
    const token = demo.users.get('operator')?.token;
    const { content } = await callTool(demo.mcp, 'list_vms', { power_state: 'poweredOn', limit: 1 }, { token });
    const [vm] = content.vms as { name: string }[];
    const params = { name: 'power_off', arguments: { name: vm?.name }, _meta: { progressToken: 'p' } };
    const { messages } = await post(demo.mcp, { jsonrpc: '2.0', id: 1, method: 'tools/call', params }, { token });
    const progress = messages.filter(({ method }) => method === 'notifications/progress');
    expect(progress.length).toBeGreaterThan(1);
    expect(messages.at(-1)?.result).toMatchObject({ structuredContent: expect.anything() });
    expect(await demo.interrupt()).toBe(0);
  });

  it('--vms 10000 works', async () => {
    const demo = await place.start(['--vms', '10000']);
    const token = demo.users.get('reader')?.token;
    const { content } = await callTool(demo.mcp, 'list_vms', { limit: 1 }, { token });
    const templates = await callTool(demo.mcp, 'list_templates', { limit: 1 }, { token });
    expect(Number(content.total) + Number(templates.content.total)).toBe(10_000);
    expect(await demo.interrupt()).toBe(0);
  });

  it.each([
    [['--vms', 'many'], /--vms .*whole number/],
    [['--vms', '-1'], /--vms .*whole number/],
    [['--vms', '20001'], /--vms .*whole number up to 20000/],
    [['--vms'], /argument missing/],
    [['--port', '70000'], /--port .*whole number up to 65535/],
    [['--fast'], /unknown option '--fast'/],
    [['more'], /too many arguments/],
  ])('%j is refused, and says why', async (args, why) => {
    const { code, output } = await place.run(args);
    expect(code).toBe(1);
    expect(output).toMatch(why);
    expect(output).not.toMatch(/\n\s+at /);
    expect(place.left()).toEqual([]);
  });

  it('--port of something else is refused, and says what to do', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { code, output } = await place.run(['--port', String(port)]);
    expect(code).toBe(1);
    expect(output).toMatch(new RegExp(`^Port ${port} is taken\\. .*--port 0`, 'm'));
    expect(place.left()).toEqual([]);
    other.close();
  });
});

/** As a client and a person do it: register, allow on the gateway's page, log in on the provider's, redeem the code. */
async function logIn(mcp: string, username: string): Promise<string> {
  const { origin } = new URL(mcp);
  const redirect = 'http://127.0.0.1:41998/callback';
  const registered = await fetch(`${origin}/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ client_name: 'A test', redirect_uris: [redirect] }),
  });
  const { client_id } = (await registered.json()) as { client_id: string };
  const verifier = randomBytes(32).toString('base64url');
  const asked = new URLSearchParams({
    response_type: 'code',
    client_id,
    redirect_uri: redirect,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    resource: mcp,
    state: 'a-state-of-the-test',
  });
  const browser = createUserAgent();
  const until = (url: URL) => url.href.startsWith(redirect);
  const consent = await browser.open(`${origin}/authorize?${asked}`);
  const page = await browser.follow(await browser.submit(consent, {}, { button: 'allow' }), { until });
  const sent = await browser.submit(page, { username, password: 'lab' }, { form: 'password', button: 'login' });
  const end = await browser.follow(sent, { until });
  if (end.next === undefined) throw new Error(`the login ended at ${end.url.href}: ${end.text}`);
  const code = end.next.searchParams.get('code') ?? '';
  const form = { grant_type: 'authorization_code', client_id, code, redirect_uri: redirect, code_verifier: verifier };
  const answer = await fetch(`${origin}/token`, {
    method: 'POST',
    body: new URLSearchParams({ ...form, resource: mcp }),
  });
  return ((await answer.json()) as { access_token: string }).access_token;
}
