import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startToolHarness, type ToolHarness } from '../support/tool-harness.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';

const READER = { groups: ['vsphere-readers'] };

describe.skipIf(!(await vcsimAvailable()))('reading VMs of a vCenter', () => {
  let vcsim: Vcsim;
  let harness: ToolHarness;

  beforeAll(async () => {
    vcsim = await startVcsim({ dc: 2, cluster: 1, host: 2, vm: 3 });
    harness = await startToolHarness([{ vcsim }]);
    const { aside } = harness;
    const template = await aside.inventory.find('VirtualMachine', '/DC1/vm/DC1_H0_VM2');
    await aside.tasks.wait(await aside.call('PowerOffVM_Task', { _this: template.ref }));
    await aside.call('MarkAsTemplate', { _this: template.ref });
    const group = await aside.inventory.find('Folder', '/DC0/vm');
    const folder = await aside.call('CreateFolder', { _this: group.ref, name: 'prod/eu' });
    const moved = await aside.inventory.find('VirtualMachine', '/DC0/vm/DC0_H0_VM1');
    await aside.tasks.wait(await aside.call('MoveIntoFolder_Task', { _this: folder, list: [moved.ref] }));
    const off = await aside.inventory.find('VirtualMachine', '/DC0/vm/DC0_H0_VM0');
    await aside.tasks.wait(await aside.call('PowerOffVM_Task', { _this: off.ref }));
  });

  afterAll(async () => {
    await harness?.close();
    await vcsim?.stop();
  });

  describe('list_vms', () => {
    it('shows what is there, without templates, sorted by path', async () => {
      const { vms, total, next_cursor } = await harness.run('list_vms', {}, READER);
      const there = await harness.peer.properties('VirtualMachine', [
        'name',
        'runtime.powerState',
        'config.hardware.memoryMB',
        'config.template',
      ]);
      const expected = [...there].filter(([, vm]) => vm['config.template'] !== 'true');
      expect(total).toBe(expected.length);
      expect(next_cursor).toBeUndefined();
      expect(new Map(vms.map((vm: { id: string; name: string }) => [vm.id, vm.name]))).toEqual(
        new Map(expected.map(([id, vm]) => [id, vm.name])),
      );
      for (const vm of vms) {
        expect(vm.power_state).toBe(there.get(vm.id)?.['runtime.powerState']);
        expect(String(vm.memory_mb)).toBe(there.get(vm.id)?.['config.hardware.memoryMB']);
      }
      const paths = vms.map(({ path }: { path: string }) => path);
      expect(paths).toEqual([...paths].sort());
      expect(paths).toContain('/DC0/vm/prod%2feu/DC0_H0_VM1');
    });

    it.each([
      [{ name: 'h0_vm' }, ['DC0_H0_VM0', 'DC0_H0_VM1', 'DC0_H0_VM2', 'DC1_H0_VM0', 'DC1_H0_VM1']],
      [{ name: 'DC?_H0_VM0' }, ['DC0_H0_VM0', 'DC1_H0_VM0']],
      [{ name: 'VM0*' }, []],
      [{ power_state: 'poweredOff' }, ['DC0_H0_VM0']],
      [{ power_state: 'suspended' }, []],
      [{ folder: '/DC0/vm/prod%2feu' }, ['DC0_H0_VM1']],
      [{ folder: 'prod/eu' }, ['DC0_H0_VM1']],
      [{ cluster: 'DC1_C0' }, ['DC1_C0_RP0_VM0', 'DC1_C0_RP0_VM1', 'DC1_C0_RP0_VM2']],
      [{ cluster: 'DC1_C0', name: '*1' }, ['DC1_C0_RP0_VM1']],
      [{ folder: 'prod/eu', cluster: 'DC1_C0' }, []],
    ])('narrowed by %o shows %o', async (filter, expected) => {
      const { vms, total } = await harness.run('list_vms', filter, READER);
      expect(vms.map(({ name }: { name: string }) => name).sort()).toEqual(expected);
      expect(total).toBe(expected.length);
    });

    it('includes what is in folders below', async () => {
      const { vms } = await harness.run('list_vms', { folder: '/DC0/vm' }, READER);
      expect(vms.map(({ name }: { name: string }) => name)).toContain('DC0_H0_VM1');
      expect(vms.every(({ path }: { path: string }) => path.startsWith('/DC0/vm/'))).toBe(true);
    });

    it('walks pages without repeating or leaving out', async () => {
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await harness.run('list_vms', { limit: 4, ...(cursor ? { cursor } : {}) }, READER);
        expect(page.vms.length).toBeLessThanOrEqual(4);
        seen.push(...page.vms.map(({ id }: { id: string }) => id));
        cursor = page.next_cursor;
      } while (cursor !== undefined);
      const { vms } = await harness.run('list_vms', {}, READER);
      expect(seen).toEqual(vms.map(({ id }: { id: string }) => id));
    });

    it.each([
      [{ cluster: 'nowhere' }, 'NOT_FOUND'],
      [{ folder: 'vm' }, 'AMBIGUOUS'],
      [{ power_state: 'on' }, 'INVALID_INPUT'],
      [{ cursor: '\u0000' }, 'INVALID_INPUT'],
      [{ limit: 0 }, 'INVALID_INPUT'],
      [{ name: 'x'.repeat(81) }, 'INVALID_INPUT'],
      [{ name: { $gt: '' } }, 'INVALID_INPUT'],
      [{ host: 'elsewhere' }, 'NOT_FOUND'],
    ])('refuses %o with %s', async (args, code) => {
      await expect(harness.run('list_vms', args, READER)).rejects.toMatchObject({ code });
    });
  });

  describe('list_templates', () => {
    it('shows templates only', async () => {
      const { templates, total } = await harness.run('list_templates', {}, READER);
      expect(total).toBe(1);
      expect(templates).toEqual([
        expect.objectContaining({ name: 'DC1_H0_VM2', path: '/DC1/vm/DC1_H0_VM2', cpu: 1, memory_mb: 32 }),
      ]);
    });
  });

  describe('get_vm_info', () => {
    it('tells about a VM found by name, by path and by id the same', async () => {
      const byName = await harness.run('get_vm_info', { name: 'DC0_C0_RP0_VM0' }, READER);
      const byPath = await harness.run('get_vm_info', { name: '/DC0/vm/DC0_C0_RP0_VM0' }, READER);
      const byId = await harness.run('get_vm_info', { name: byName.id }, READER);
      expect(byPath).toEqual(byName);
      expect(byId).toEqual(byName);
      const there = (
        await harness.peer.properties('VirtualMachine', ['config.uuid', 'config.instanceUuid', 'config.guestId'])
      ).get(byName.id);
      expect(byName).toMatchObject({
        path: '/DC0/vm/DC0_C0_RP0_VM0',
        power_state: 'poweredOn',
        is_template: false,
        uuid: there?.['config.uuid'],
        instance_uuid: there?.['config.instanceUuid'],
        guest_id: there?.['config.guestId'],
        datastore: ['LocalDS_0'],
        disks: [expect.objectContaining({ label: expect.any(String), capacity_gb: expect.any(Number) })],
        nics: [
          expect.objectContaining({ mac_address: expect.stringMatching(/^[0-9a-f:]{17}$/), network: 'DC0_DVPG0' }),
        ],
      });
      expect(byName.host).toMatch(/^DC0_C0_H\d$/);
    });

    it('puts the VM that was read on the record', async () => {
      const { id } = await harness.run('get_vm_info', { name: 'DC0_C0_RP0_VM1' }, READER);
      expect(harness.records().at(-1)).toMatchObject({
        event: 'TOOL_OUTCOME',
        tool: 'get_vm_info',
        result: 'success',
        user: 'alice@example.com',
        target: { type: 'VirtualMachine', id, name: 'DC0_C0_RP0_VM1', path: '/DC0/vm/DC0_C0_RP0_VM1' },
      });
    });

    it.each([
      ['no-such-vm', 'NOT_FOUND'],
      ['dc0_h0_vm0', 'NOT_FOUND'],
      ['/DC0/host/DC0_H0', 'INVALID_INPUT'],
      ['vm-99999', 'NOT_FOUND'],
      ['../../etc/passwd', 'NOT_FOUND'],
      ['\u202Egnp.exe\u0000', 'NOT_FOUND'],
      ['', 'INVALID_INPUT'],
    ])('refuses %j with %s', async (name, code) => {
      const error = await harness.run('get_vm_info', { name }, READER).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code });
      expect(String(error)).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    });

    it('never picks one of two VMs of the same name', async () => {
      const { aside } = harness;
      const vm = await aside.inventory.find('VirtualMachine', 'DC1_H0_VM1');
      await aside.tasks.wait(await aside.call('Rename_Task', { _this: vm.ref, newName: 'DC0_H0_VM2' }));
      const reading = harness.run('get_vm_info', { name: 'DC0_H0_VM2' }, READER);
      await expect(reading).rejects.toMatchObject({
        code: 'AMBIGUOUS',
        message: expect.stringMatching(/\/DC0\/vm\/DC0_H0_VM2.*\/DC1\/vm\/DC0_H0_VM2/s),
      });
      await aside.tasks.wait(await aside.call('Rename_Task', { _this: vm.ref, newName: 'DC1_H0_VM1' }));
    });
  });

  describe('get_vm_stats', () => {
    it('tells power state and storage', async () => {
      const stats = await harness.run('get_vm_stats', { name: 'DC0_C0_RP0_VM0' }, READER);
      expect(stats).toMatchObject({ name: 'DC0_C0_RP0_VM0', power_state: 'poweredOn' });
      const there = (await harness.peer.properties('VirtualMachine', ['summary.storage'])).get(stats.id);
      const committed = Number(/<committed>(\d+)</.exec(there?.['summary.storage'] ?? '')?.[1]);
      expect(stats.storage_committed_gb).toBeCloseTo(committed / 1024 ** 3, 2);
    });

    it('does not know a VM that is not there', async () => {
      await expect(harness.run('get_vm_stats', { name: 'vm-0' }, READER)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });
  });

  describe('get_vm_tools_status', () => {
    it('tells what the guest reports', async () => {
      const { aside } = harness;
      const vm = await aside.inventory.find('VirtualMachine', 'DC0_C0_RP0_VM2');
      const extraConfig = [
        { key: 'SET.guest.ipAddress', value: '192.0.2.7' },
        { key: 'SET.guest.hostName', value: 'web01.example.com' },
        { key: 'SET.guest.toolsRunningStatus', value: 'guestToolsRunning' },
      ].map((option) => ({ $type: 'OptionValue', ...option }));
      await aside.tasks.wait(await aside.call('ReconfigVM_Task', { _this: vm.ref, spec: { extraConfig } }));
      expect(await harness.run('get_vm_tools_status', { name: 'DC0_C0_RP0_VM2' }, READER)).toMatchObject({
        name: 'DC0_C0_RP0_VM2',
        ip_address: '192.0.2.7',
        hostname: 'web01.example.com',
        tools_running_status: 'guestToolsRunning',
      });
      expect(await harness.run('get_vm_info', { name: 'DC0_C0_RP0_VM2' }, READER)).toMatchObject({
        ip_address: '192.0.2.7',
        hostname: 'web01.example.com',
      });
    });

    it('does not know a VM that is not there', async () => {
      const reading = harness.run('get_vm_tools_status', { name: '/DC0/vm/none' }, READER);
      await expect(reading).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });
  });
});
