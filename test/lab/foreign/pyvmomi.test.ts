import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startVCenter, type VCenter } from '../../../lab/vcenter/vcenter.ts';
import { pyvmomiAvailable, runPyvmomi } from './pyvmomi.ts';

describe.skipIf(!(await pyvmomiAvailable()))('pyVmomi', () => {
  let vcenter: VCenter;

  beforeAll(async () => {
    vcenter = await startVCenter({ vms: 20 });
  });
  afterAll(() => vcenter?.stop());

  it('logs in, and is told who it is and what the server is', async () => {
    const { about } = vcenter.world.content;
    const said = await runPyvmomi(vcenter, 'session');
    expect(said).toMatchObject({
      api_type: about.apiType,
      api_version: about.apiVersion,
      instance_uuid: about.instanceUuid,
      full_name: about.fullName,
      user: vcenter.user,
      user_agent: expect.stringMatching(/^pyvmomi/i),
      wrong_password: 'vim.fault.InvalidLogin',
    });
    expect(Date.parse(said.time)).toBeGreaterThan(Date.now() - 60_000);
  });
});
