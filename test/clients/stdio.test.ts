/** Real clients on standard input and output, with the built gateway as their child. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { auditRecords } from '../support/audit-file.ts';
import { AUDIT_KEY, vcenterEnv } from '../support/gateway.ts';
import { MAIN } from '../support/gateway-process.ts';
import { type RecordingProxy, startRecordingProxy } from '../support/recording-proxy.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';
import { openPeer, type Peer } from '../support/vsphere-peer.ts';
import { KINDS, type McpClient } from './connect.ts';

describe.skipIf(!(await vcsimAvailable()))('the gateway on stdio', () => {
  let vcsim: Vcsim;
  let proxy: RecordingProxy;
  let peer: Peer;
  let folder: string;
  const env = (auditFile: string, more: Record<string, string> = {}) => ({
    PATH: process.env.PATH ?? '',
    ...vcenterEnv({ ...vcsim, url: `http://${proxy.host}/sdk` }),
    MCP_TRANSPORT: 'stdio',
    AUDIT_FILE: auditFile,
    AUDIT_KEY,
    // The most that there is to be written in the wrong place.
    LOG_LEVEL: 'trace',
    ...more,
  });

  beforeAll(async () => {
    vcsim = await startVcsim({
      vm: 4,
      tls: false,
      methodDelay: { PowerOff: 300, LockHandoff: 0, FindByInventoryPath: 20_000 },
    });
    proxy = await startRecordingProxy(vcsim.host);
    peer = await openPeer(vcsim);
    folder = await mkdtemp(join(tmpdir(), 'mcvsphere-stdio-'));
  });
  afterAll(async () => {
    await peer?.close();
    await proxy?.stop();
    await vcsim?.kill();
    await rm(folder, { recursive: true, force: true });
  });

  describe.each(KINDS.map((kind, i) => ({ ...kind, vm: `DC0_C0_RP0_VM${i}` })))(
    '$name',
    ({ protocol, connect, vm }) => {
      let client: McpClient;
      let auditFile: string;

      beforeAll(async () => {
        auditFile = join(folder, `${vm}.jsonl`);
        client = await connect({ command: process.execPath, args: [MAIN, 'serve'], env: env(auditFile) });
      });
      afterAll(() => client?.close());

      it('speaks a protocol that both know', () => {
        expect(client.protocol ?? protocol).toBe(protocol);
      });

      it('lets the local user read and change, with progress', async () => {
        expect(await client.tools()).toEqual(expect.arrayContaining(['list_vms', 'power_off', 'delete_vm']));
        expect(await client.resources()).toContain('esxi://vms');
        expect(await client.read('esxi://vms')).toContain(vm);

        const seen: number[] = [];
        const changed = await client.call(
          'power_off',
          { name: vm },
          { onprogress: ({ progress }) => seen.push(progress) },
        );
        expect(changed, changed.text).toMatchObject({ isError: false, structured: { power_state: 'poweredOff' } });
        expect(seen.length).toBeGreaterThan(0);
        const vms = await peer.properties('VirtualMachine', ['name', 'runtime.powerState']);
        expect([...vms.values()].find(({ name }) => name === vm)?.['runtime.powerState']).toBe('poweredOff');
      });

      it('cancels a reading when the client says so, and goes on', async () => {
        const before = proxy.requests().length;
        const cancel = new AbortController();
        const calling = client
          .call('get_vm_info', { name: `/DC0/vm/${vm}` }, { signal: cancel.signal })
          .catch(() => 'cancelled');
        const underWay = () =>
          proxy
            .requests()
            .slice(before)
            .some((request) => request.includes('FindByInventoryPath'));
        await vi.waitFor(() => expect(underWay()).toBe(true), { timeout: 10_000 });
        cancel.abort();
        expect(await calling).toBe('cancelled');

        const ended = () => auditRecords(auditFile).find(({ tool }) => tool === 'get_vm_info');
        await vi.waitFor(() => expect(ended()).toMatchObject({ error_code: 'CANCELLED' }), { timeout: 10_000 });
        expect((await client.call('whoami')).isError).toBe(false);
      });
    },
  );

  it('writes nothing but protocol to standard output, whatever it is sent, and ends with its input', async () => {
    const child = spawn(process.execPath, [MAIN, 'serve'], {
      env: env(join(folder, 'raw.jsonl'), { MCP_STDIO_GROUPS: 'vsphere-readers' }),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let output = '';
    let log = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      log += chunk;
    });
    const message = (id: number, method: string, params: object) =>
      `${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`;
    child.stdin.write(
      message(1, 'initialize', {
        protocolVersion: '2025-06-18',
        capabilities: {},
        clientInfo: { name: 'raw', version: '1' },
      }),
    );
    child.stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
    child.stdin.write('this is no JSON\n{"jsonrpc":"2.0"}\n\u0000\n[]\n');
    child.stdin.write(message(2, 'tools/call', { name: 'list_vms', arguments: {} }));
    child.stdin.write(message(3, 'tools/call', { name: 'power_off', arguments: { name: 'DC0_H0_VM0' } }));
    child.stdin.write(message(4, 'no/such/method', {}));
    await vi.waitFor(() => expect(output).toMatch(/"id":4/), { timeout: 20_000 });
    await vi.waitFor(() => expect(output).toMatch(/"id":2/), { timeout: 20_000 });
    await vi.waitFor(() => expect(output).toMatch(/"id":3/), { timeout: 20_000 });
    child.stdin.end();
    const [code] = await once(child, 'exit');

    expect(code, log).toBe(0);
    const messages = output.split('\n').filter((line) => line !== '');
    expect(messages.map((line) => JSON.parse(line))).toEqual(
      messages.map(() => expect.objectContaining({ jsonrpc: '2.0' })),
    );
    const answers = new Map(messages.map((line) => JSON.parse(line)).map((answer) => [answer.id, answer]));
    expect(answers.get(2).result.structuredContent.total).toBeGreaterThan(0);
    expect(answers.get(3).result.isError).toBe(true);
    expect(answers.get(4).error.code).toBe(-32601);
    expect(log).not.toContain(AUDIT_KEY);
  });
});
