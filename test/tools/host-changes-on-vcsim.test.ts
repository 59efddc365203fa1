/** What a simulator that others wrote knows of changing hosts. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startToolHarness, type ToolHarness } from '../support/tool-harness.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';

const HOST = 'DC0_C0_H0';
const HOST_ADMIN = { groups: ['vsphere-host-admins'] };

describe.skipIf(!(await vcsimAvailable()))('hosts of vcsim', () => {
  let vcsim: Vcsim;
  let harness: ToolHarness;

  beforeAll(async () => {
    vcsim = await startVcsim({ dc: 1, cluster: 1, host: 2, vm: 2 });
    harness = await startToolHarness([{ vcsim }]);
  });
  afterAll(async () => {
    await harness?.close();
    await vcsim?.stop();
  });

  const rests = async () => {
    const hosts = await harness.peer.properties('HostSystem', ['name', 'runtime.inMaintenanceMode']);
    return [...hosts.values()].find(({ name }) => name === HOST)?.['runtime.inMaintenanceMode'];
  };

  it('go into maintenance mode and out of it', async () => {
    const entered = await harness.run('enter_maintenance_mode', { host_name: HOST, evacuate_vms: false }, HOST_ADMIN);
    expect(entered).toMatchObject({ host: { name: HOST }, maintenance_mode: true, task: { state: 'success' } });
    expect(String(await rests())).toBe('true');
    const left = await harness.run('exit_maintenance_mode', { host_name: HOST }, HOST_ADMIN);
    expect(left).toMatchObject({ host: { name: HOST }, maintenance_mode: false, task: { state: 'success' } });
    expect(String(await rests())).toBe('false');
  });

  it('cannot be restarted or switched off, as they say themselves', async () => {
    for (const tool of ['reboot_host', 'shutdown_host']) {
      await expect(harness.run(tool, { host_name: HOST }, HOST_ADMIN)).rejects.toMatchObject({
        code: 'UNSUPPORTED',
        message: expect.stringContaining(HOST),
      });
    }
  });

  it('have VMs without VMware Tools, for which nobody waits forever', async () => {
    const said = await harness.run('wait_for_vm_tools', { name: 'DC0_H0_VM0', timeout: 1 }, HOST_ADMIN);
    expect(said).toMatchObject({ status: 'timeout', tools_status: 'toolsNotInstalled' });
  });
});
