/** What a gateway offers where its operator or a URL has narrowed it, over HTTP and on stdio, and by which names. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startVCenter, type VCenter } from '../../lab/vcenter/vcenter.ts';
import { resources, resourceTemplates } from '../../src/resources/index.ts';
import { EVERYWHERE, tools, toolsets } from '../../src/tools/index.ts';
import { KINDS } from '../clients/connect.ts';
import { startGateway, type TestGateway, vcenterEnv } from '../support/gateway.ts';
import { MAIN, runCommand } from '../support/gateway-process.ts';
import { callTool, listed, post } from '../support/mcp.ts';

const namesOf = (...sets: (keyof typeof toolsets)[]) => sets.flatMap((set) => toolsets[set].map(({ name }) => name));
const changes = (name: string) => tools.find((tool) => tool.name === name)?.effect !== 'read';

let vcenter: VCenter;
let open: TestGateway;
let vm: string;
let switchedOff: string;

beforeAll(async () => {
  vcenter = await startVCenter({ vms: 10 });
  open = await startGateway(vcenter);
  const running = await callTool(open.url, 'list_vms', { power_state: 'poweredOn' });
  [vm, switchedOff] = (running.content.vms as { id: string }[]).map(({ id }) => id) as [string, string];
  await callTool(open.url, 'power_off', { name: switchedOff });
});
afterAll(async () => {
  await open?.close();
  await vcenter?.stop();
});

const templates = async (url: string) =>
  (await post(url, { jsonrpc: '2.0', id: 1, method: 'resources/templates/list' })).messages[0]?.result
    ?.resourceTemplates;

describe('a URL with toolsets', () => {
  it('lists these and the gateway itself, and the resources that tell the same', async () => {
    const url = `${open.url}?toolsets=lifecycle,power`;
    expect(await listed(url, 'tools/list')).toEqual(namesOf('lifecycle', 'power', EVERYWHERE));
    const kept = resources.filter(({ mirrors }) => namesOf('lifecycle', 'power', EVERYWHERE).includes(mirrors));
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.length).toBeLessThan(resources.length);
    expect(await listed(url, 'resources/list')).toEqual(kept.map(({ name }) => name));
    expect(await templates(url)).toEqual([]);
    expect(await templates(`${open.url}?toolsets=inventory`)).toHaveLength(resourceTemplates.length);
  });

  it('answers no call and no read of the others, says why, and puts it on the record', async () => {
    const url = `${open.url}?toolsets=power`;
    const refused = await callTool(url, 'list_hosts');
    expect(refused.isError).toBe(true);
    expect(refused.text).toMatch(/^NOT_OFFERED: list_hosts is not offered here: \?toolsets=power leaves/);
    expect(open.records().at(-1)).toMatchObject({
      event: 'PERMISSION_DENIED',
      tool: 'list_hosts',
      reason: 'not_offered',
    });

    const read = await post(url, { jsonrpc: '2.0', id: 1, method: 'resources/read', params: { uri: 'esxi://hosts' } });
    expect(read.messages[0]?.error).toMatchObject({ data: { code: 'NOT_OFFERED' } });
    expect(open.records().at(-1)).toMatchObject({ event: 'PERMISSION_DENIED', resource: 'esxi://hosts' });
    expect((await callTool(open.url, 'list_hosts')).isError).toBe(false);
  });

  it('that is not understood is refused whatever is asked, with what there is', async () => {
    for (const query of ['toolsets=powr', 'readonly=true']) {
      const answer = await post(`${open.url}?${query}`, { jsonrpc: '2.0', id: 1, method: 'tools/list' });
      expect(answer.status).toBe(400);
      expect(answer.messages[0]?.error?.message).toMatch(/meant\?/);
    }
  });
});

describe('a URL that is read-only', () => {
  it('lists what reads, and changes nothing', async () => {
    const url = `${open.url}?read_only=true`;
    const names = await listed(url, 'tools/list');
    expect(names).toEqual(tools.filter(({ effect }) => effect === 'read').map(({ name }) => name));
    expect(await listed(url, 'resources/list')).toHaveLength(resources.length);
    expect((await callTool(url, 'power_off', { name: vm })).text).toMatch(/^NOT_OFFERED.*\?read_only=true/);
    expect((await callTool(url, 'power_off_vm', { name: vm })).text).toMatch(/^NOT_OFFERED/);
    const { content } = await callTool(url, 'get_vm_info', { name: vm });
    expect(content).toMatchObject({ power_state: 'poweredOn' });
  });

  it('is told by whoami, for the whole and for one tool', async () => {
    const url = `${open.url}?toolsets=power&read_only=true`;
    const { content } = await callTool(url, 'whoami', { tool: 'power_off' });
    expect(content).toMatchObject({
      narrowed_by: ['?toolsets=power', '?read_only=true'],
      tool: {
        name: 'power_off',
        allowed: false,
        explanation: expect.stringMatching(/grants\. power_off is not offered/),
      },
    });
    expect((await callTool(open.url, 'whoami')).content).not.toHaveProperty('narrowed_by');
  });
});

describe('a gateway that its operator has narrowed', () => {
  let narrowed: TestGateway;
  beforeAll(async () => {
    narrowed = await startGateway(vcenter, { MCP_TOOLSETS: 'power, snapshots', MCP_READ_ONLY: 'true' });
  });
  afterAll(() => narrowed?.close());

  it('offers the rest to nobody, whatever a URL says', async () => {
    const expected = namesOf('power', 'snapshots', EVERYWHERE).filter((name) => !changes(name));
    for (const query of ['', '?read_only=false', '?toolsets=power,snapshots']) {
      expect(await listed(narrowed.url + query, 'tools/list')).toEqual(expected);
    }
    expect(await listed(`${narrowed.url}?toolsets=lifecycle&read_only=false`, 'tools/list')).toEqual(
      namesOf(EVERYWHERE).filter((name) => !changes(name)),
    );
    const refused = await callTool(`${narrowed.url}?read_only=false`, 'power_off', { name: vm });
    expect(refused.text).toMatch(/^NOT_OFFERED.*MCP_READ_ONLY=true.*Your operator/);
    expect(await listed(narrowed.url, 'resources/list')).toEqual([]);
  });

  it('still denies what the groups do not allow, and says that first', async () => {
    const readers = await startGateway(vcenter, {
      MCP_READ_ONLY: 'true',
      MCP_UNAUTHENTICATED_GROUPS: 'vsphere-readers',
    });
    expect((await callTool(readers.url, 'power_off', { name: vm })).text).toMatch(
      /^PERMISSION_DENIED: power_off needs/,
    );
    await readers.close();
  });

  it('does not start with a toolset that there is not', async () => {
    await expect(startGateway(vcenter, { MCP_TOOLSETS: 'power,snapshot' })).rejects.toThrow(
      /MCP_TOOLSETS: there is no toolset "snapshot"\. Is snapshots meant\?/,
    );
    const env = { ...vcenterEnv(vcenter), MCP_TOOLSETS: 'everything', MCP_PORT: '0' };
    expect(await runCommand(['serve'], env)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there is no toolset'),
    });
  });

  it('does the same on stdio', async () => {
    const env = { ...vcenterEnv(vcenter), PATH: process.env.PATH ?? '', MCP_TRANSPORT: 'stdio' };
    const more = { MCP_TOOLSETS: 'power', AUDIT_FILE: narrowed.auditFile.replace('audit', 'stdio') };
    const client = await KINDS[2]!.connect({
      command: process.execPath,
      args: [MAIN, 'serve'],
      env: { ...env, ...more },
    });
    expect(await client.tools()).toEqual(namesOf('power', EVERYWHERE));
    expect((await client.call('list_vms')).text).toMatch(/^NOT_OFFERED.*MCP_TOOLSETS=power/);
    await client.close();
  });
});

describe('an alias', () => {
  const aliased = tools.flatMap(({ name, aliases = [] }) => aliases.map((alias) => [alias, name] as const));

  it('is in no list', async () => {
    const names = await listed(open.url, 'tools/list');
    expect(aliased.length).toBeGreaterThan(0);
    for (const [alias, name] of aliased) {
      expect(names).not.toContain(alias);
      expect(names).toContain(name);
    }
  });

  it.each(aliased)('%s is %s to the gateway, and the record has both names', async (alias, name) => {
    const denied = await callTool(open.url, alias, { __not_an_argument__: true });
    expect(denied.text).toMatch(new RegExp(`^INVALID_INPUT: ${name}: `));
    expect(open.records().at(-1)).toMatchObject({ event: 'INVALID_REQUEST', tool: name, called_as: alias });
  });

  it('does what the tool does', async () => {
    const started = await callTool(open.url, 'power_on_vm', { name: switchedOff });
    expect(started.content).toMatchObject({ power_state: 'poweredOn' });
    const ours = open.records().filter(({ called_as }) => called_as === 'power_on_vm');
    expect(ours.map(({ event }) => event)).toEqual(
      expect.arrayContaining(['TOOL_INTENT', 'TASK_STARTED', 'TOOL_OUTCOME']),
    );
    expect(ours.every(({ tool }) => tool === 'power_on')).toBe(true);
    await callTool(open.url, 'power_off', { name: switchedOff });
    expect(open.records().at(-1)).not.toHaveProperty('called_as');
  });
});
