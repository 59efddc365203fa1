/** vCenter goes, comes back, forgets its sessions, fails a task: what callers and the record are told. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { callTool } from '../support/mcp.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';
import { openPeer } from '../support/vsphere-peer.ts';

const VM = 'DC0_H0_VM0';

describe.skipIf(!(await vcsimAvailable()))('a vCenter with troubles', () => {
  let vcsim: Vcsim;
  let gateway: TestGateway;
  const ready = async () => {
    const answer = await fetch(gateway.url.replace(/\/mcp$/, '/readyz'));
    return { ...((await answer.json()) as object), status: answer.status };
  };

  beforeEach(async () => {
    vcsim = await startVcsim({ methodDelay: { PowerOffVM_Task: 700 } });
    gateway = await startGateway(vcsim);
    expect((await callTool(gateway.url, 'list_vms')).isError).toBe(false);
  });
  afterEach(async () => {
    await gateway?.close();
    await vcsim?.stop();
  });

  it('gone: a clear error, a red readiness; back: everything works again without a restart', async () => {
    await vcsim.kill();
    const gone = await callTool(gateway.url, 'list_vms');
    expect(gone.isError).toBe(true);
    expect(gone.text).toMatch(/^UNAVAILABLE: /);
    expect(gone.text).not.toMatch(/ECONN|at .*\.ts/);
    expect((await callTool(gateway.url, 'whoami')).isError, 'what needs no vCenter works on').toBe(false);
    await expect
      .poll(ready, { timeout: 15_000 })
      .toMatchObject({ status: 503, checks: { vsphere: 'failed', audit: 'ok' } });

    await vcsim.restart();
    await expect.poll(async () => (await callTool(gateway.url, 'list_vms')).isError, { timeout: 15_000 }).toBe(false);
    await expect.poll(ready, { timeout: 15_000 }).toMatchObject({ status: 200 });
  });

  it('gone under a change: the record says that nobody knows, and so does the answer', async () => {
    const change = callTool(gateway.url, 'power_off', { name: VM });
    await delay(350);
    await vcsim.kill();
    const answer = await change;
    expect(answer.isError).toBe(true);
    const outcome = gateway
      .records()
      .filter(({ event }) => event === 'TOOL_OUTCOME')
      .at(-1)!;
    expect(outcome).toMatchObject({
      tool: 'power_off',
      result: 'unknown',
      target: { id: expect.stringMatching(/^vm-/) },
    });
  });

  it('restarted, its sessions forgotten: calls log in again by themselves', async () => {
    await vcsim.kill();
    await vcsim.restart();
    const answers = await Promise.all(Array.from({ length: 8 }, () => callTool(gateway.url, 'list_vms')));
    const after = await callTool(gateway.url, 'list_vms');
    expect(after.isError, after.text).toBe(false);
    for (const { isError, text } of answers) if (isError) expect(text).toMatch(/^UNAVAILABLE/);
  });

  it('a task that fails: the fault in plain words, the outcome on record, nothing half-claimed', async () => {
    const made = await callTool(gateway.url, 'create_vm', { name: 'twice' });
    expect(made.isError, made.text).toBe(false);
    const again = await callTool(gateway.url, 'rename_vm', { name: 'twice', new_name: VM });
    expect(again.isError).toBe(true);
    expect(again.text).not.toMatch(/<|Fault\b.*\{|stack/);
    expect(gateway.records().at(-1)).toMatchObject({
      event: 'TOOL_OUTCOME',
      tool: 'rename_vm',
      error: expect.any(String),
    });
    const peer = await openPeer(vcsim);
    const names = [...(await peer.properties('VirtualMachine', ['name'])).values()].map(({ name }) => name);
    await peer.close();
    expect(names).toContain('twice');
  });

  it('a shutdown finishes the call under way, writes its outcome and closes the record', async () => {
    const change = callTool(gateway.url, 'power_off', { name: VM });
    await delay(350);
    const closing = gateway.app.close();
    expect((await change).isError).toBe(false);
    await closing;
    const events = gateway.records().map(({ event }) => event);
    expect(events.slice(-5)).toEqual(['TOOL_INTENT', 'TASK_STARTED', 'TOOL_OUTCOME', 'STOP', 'CHECKPOINT']);
    await expect(fetch(gateway.url)).rejects.toThrow();
  });
});
