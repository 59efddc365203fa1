import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TaskFailedError } from '../../src/vsphere/errors.ts';
import { startToolHarness, type ToolHarness } from '../support/tool-harness.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';

const ADMIN = { groups: ['vsphere-admins'] };
const OPERATOR = { groups: ['vsphere-operators'] };

describe.skipIf(!(await vcsimAvailable()))('the life of a VM on a vCenter', () => {
  let vcsim: Vcsim;
  let harness: ToolHarness;

  beforeAll(async () => {
    vcsim = await startVcsim({ dc: 2, cluster: 1, host: 2, vm: 6, ds: 2 });
    harness = await startToolHarness([{ vcsim }]);
  });

  afterAll(async () => {
    await harness?.close();
    await vcsim?.stop();
  });

  const PATHS = [
    'name',
    'runtime.powerState',
    'config.annotation',
    'config.guestId',
    'config.hardware.numCPU',
    'config.hardware.memoryMB',
    'config.hardware.device',
    'config.bootOptions',
    'config.template',
    'parent',
    'resourcePool',
    'datastore',
  ] as const;

  async function there(name: string): Promise<Record<string, string> | undefined> {
    const vms = await harness.peer.properties('VirtualMachine', PATHS);
    return [...vms.values()].find((vm) => vm.name === name);
  }

  describe('create_vm', () => {
    it('makes a VM with disk and card, powered off, where the server puts new things', async () => {
      const result = await harness.run('create_vm', { name: 'new01' }, ADMIN);
      expect(result).toMatchObject({
        vm: { name: 'new01', path: '/DC0/vm/new01', id: expect.stringMatching(/^vm-/) },
        power_state: 'poweredOff',
        task: { state: 'success' },
      });
      const vm = await there('new01');
      expect(vm).toMatchObject({
        'runtime.powerState': 'poweredOff',
        'config.hardware.numCPU': '2',
        'config.hardware.memoryMB': '4096',
        'config.guestId': 'otherGuest64',
      });
      const devices = vm?.['config.hardware.device'] ?? '';
      expect(devices).toContain('ParaVirtualSCSIController');
      expect(devices).toContain('VirtualVmxnet3');
      expect(devices).toContain(`<capacityInKB>${20 * 1024 * 1024}</capacityInKB>`);
      expect(devices).toContain('<thinProvisioned>true</thinProvisioned>');
      expect(devices).not.toContain('VirtualCdromIsoBackingInfo');
    });

    it('takes size, place, network and image from its caller', async () => {
      const result = await harness.run(
        'create_vm',
        {
          name: 'new02',
          cpu: 4,
          memory_mb: 8192,
          disk_gb: 5,
          guest_id: 'ubuntu64Guest',
          datastore: '/DC0/datastore/LocalDS_1',
          network: '/DC0/network/VM Network',
          iso_path: 'iso/debian.iso',
        },
        ADMIN,
      );
      expect(result).toMatchObject({ datastore: 'LocalDS_1', network: 'VM Network' });
      const info = await harness.run('get_vm_info', { name: 'new02' });
      expect(info).toMatchObject({
        cpu: 4,
        memory_mb: 8192,
        guest_id: 'ubuntu64Guest',
        datastore: ['LocalDS_1'],
        disks: [{ capacity_gb: 5, thin_provisioned: true }],
        nics: [{ network: 'VM Network' }],
      });
      const devices = (await there('new02'))?.['config.hardware.device'];
      expect(devices).toContain('<fileName>[LocalDS_1] iso/debian.iso</fileName>');
    });

    it('gives a distributed port group its own backing', async () => {
      const result = await harness.run('create_vm', { name: 'new03', network: '/DC0/network/DC0_DVPG0' }, ADMIN);
      expect(result.network).toBe('DC0_DVPG0');
      const devices = (await there('new03'))?.['config.hardware.device'] ?? '';
      const groups = await harness.peer.properties('DistributedVirtualPortgroup', ['name', 'key']);
      const key = [...groups.values()].find(({ name }) => name === 'DC0_DVPG0')?.key;
      expect(devices).toContain(`<portgroupKey>${key}</portgroupKey>`);
      expect(devices).toMatch(/<switchUuid>[^<]+<\/switchUuid>/);
    });

    it('plugs nothing into the uplinks of a switch', async () => {
      const { networks } = await harness.run('list_networks');
      const uplinks = networks.filter(({ is_uplink }: { is_uplink: boolean }) => is_uplink);
      expect(uplinks.map(({ path }: { path: string }) => path).sort()).toEqual(
        ['/DC0', '/DC1'].map((dc) => expect.stringMatching(new RegExp(`^${dc}/network/DVS0-DVUplinks-\\d+$`))),
      );
      expect((await harness.run('get_network_info', { name: uplinks[0].id })).is_uplink).toBe(true);
      const uplink = uplinks.find(({ path }: { path: string }) => path.startsWith('/DC0'));
      await expect(harness.run('create_vm', { name: 'up', network: uplink.id }, ADMIN)).rejects.toMatchObject({
        code: 'INVALID_STATE',
        message: expect.stringContaining('uplinks'),
      });
      expect(await there('up')).toBeUndefined();
    });

    it('refuses a name that is taken, before vSphere is asked', async () => {
      await harness.run('create_vm', { name: 'twice' }, ADMIN);
      await expect(harness.run('create_vm', { name: 'twice' }, ADMIN)).rejects.toMatchObject({
        code: 'INVALID_STATE',
        message: expect.stringContaining('taken'),
      });
      const vms = await harness.peer.properties('VirtualMachine', ['name']);
      expect([...vms.values()].filter(({ name }) => name === 'twice')).toHaveLength(1);
      expect(harness.records().at(-1)).not.toHaveProperty('vcenter_task');
    });

    it('refuses storage and networks of another datacenter', async () => {
      for (const args of [{ datastore: '/DC1/datastore/LocalDS_1' }, { network: '/DC1/network/DC1_DVPG0' }]) {
        await expect(harness.run('create_vm', { name: 'far', ...args }, ADMIN)).rejects.toMatchObject({
          code: 'INVALID_STATE',
          message: expect.stringContaining('cannot reach'),
        });
      }
      expect(await there('far')).toBeUndefined();
    });

    it('names the new VM on the record', async () => {
      const { vm } = await harness.run('create_vm', { name: 'recorded' }, ADMIN);
      const [intent, started, outcome] = harness.records().slice(-3);
      expect(intent).toMatchObject({ event: 'TOOL_INTENT', target: { name: 'recorded' } });
      expect(started).toMatchObject({ event: 'TASK_STARTED', target: { type: 'Folder', path: '/DC0/vm' } });
      expect(outcome).toMatchObject({ event: 'TOOL_OUTCOME', target: { ...vm, type: 'VirtualMachine' } });
    });

    it('promises nothing yet where the caller does not wait', async () => {
      const result = await harness.run('create_vm', { name: 'later', wait: false }, ADMIN);
      expect(result).toMatchObject({ task: { state: 'running' } });
      expect(result).not.toHaveProperty('vm');
      await harness.pipeline.idle();
      expect(await there('later')).toBeDefined();
    });

    it.each([
      [{ cpu: 0 }],
      [{ cpu: 1.5 }],
      [{ cpu: '2' }],
      [{ memory_mb: 4095 }],
      [{ disk_gb: 1e9 }],
      [{ disk_gb: null }],
      [{ guest_id: 'other Guest<>' }],
      [{ iso_path: '[ds] ../../secret.iso' }],
      [{ iso_path: '[a] x.iso', iso_datastore: 'b' }],
      [{ name: 'x'.repeat(81) }],
      [{ name: '' }],
      [{ name: 'bell\u0007' }],
      [{ name: 'two\nlines' }],
      [{ annotation: 'no such argument' }],
    ])('refuses %o', async (args) => {
      const before = (await harness.peer.properties('VirtualMachine', ['name'])).size;
      await expect(harness.run('create_vm', { name: 'bad', ...args }, ADMIN)).rejects.toMatchObject({
        code: 'INVALID_INPUT',
      });
      expect((await harness.peer.properties('VirtualMachine', ['name'])).size).toBe(before);
    });
  });

  describe('clone_vm', () => {
    it('copies a template, which has no resource pool, beside itself', async () => {
      const { aside } = harness;
      const template = await aside.inventory.find('VirtualMachine', '/DC1/vm/DC1_C0_RP0_VM5');
      await aside.tasks.wait(await aside.call('PowerOffVM_Task', { _this: template.ref }));
      await aside.call('MarkAsTemplate', { _this: template.ref });
      const result = await harness.run('clone_vm', { template_name: template.name, new_name: 'copy01' }, ADMIN);
      expect(result).toMatchObject({
        vm: { name: 'copy01', path: '/DC1/vm/copy01' },
        source: { id: template.id },
        power_state: 'poweredOff',
        task: { state: 'success' },
      });
      const copy = await there('copy01');
      expect(copy).toMatchObject({ 'config.template': 'false', 'runtime.powerState': 'poweredOff' });
      const pools = await harness.peer.properties('ResourcePool', ['name', 'owner']);
      const clusters = await harness.peer.properties('ClusterComputeResource', ['name']);
      expect(clusters.get(pools.get(copy!.resourcePool!)?.owner ?? '')?.name).toBe('DC1_C0');
    });

    it('copies a VM into its own pool, on another datastore, and powers it on', async () => {
      const source = await there('DC0_C0_RP0_VM0');
      const args = {
        template_name: 'DC0_C0_RP0_VM0',
        new_name: 'copy02',
        power_on: true,
        datastore: '/DC0/datastore/LocalDS_1',
      };
      const result = await harness.run('clone_vm', args, ADMIN);
      expect(result).toMatchObject({ power_state: 'poweredOn', datastore: 'LocalDS_1' });
      expect(await there('copy02')).toMatchObject({
        'runtime.powerState': 'poweredOn',
        resourcePool: source?.resourcePool,
        parent: source?.parent,
      });
      expect((await harness.run('get_vm_info', { name: 'copy02' })).datastore).toContain('LocalDS_1');
    });

    it('escapes in the name what vSphere escapes', async () => {
      const { aside } = harness;
      // The simulator cannot make such a VM, whichever way its name is written: it tells what it was asked for.
      const clone = harness.run('clone_vm', { template_name: 'DC0_H0_VM0', new_name: 'a/b\\c 100%' }, ADMIN);
      await clone.catch(() => undefined);
      const filter = { eventTypeId: ['VmBeingClonedEvent'] };
      const events = await aside.withTemporary(
        (call) => call('CreateCollectorForEvents', { _this: aside.content.eventManager!, filter }),
        (call, collector) => call('DestroyCollector', { _this: collector }),
        (collector) => aside.readOne('EventHistoryCollector', collector, ['latestPage']),
      );
      const names = events.props.latestPage?.map((event) => (event as { destName?: string }).destName);
      expect(names).toContain('a%2fb%5cc 100%25');
    });

    it.each([
      [{ template_name: 'nothing', new_name: 'copy03' }, 'NOT_FOUND'],
      [{ template_name: 'DC0_H0_VM0', new_name: 'DC0_H0_VM1' }, 'INVALID_STATE'],
      [{ template_name: 'DC0_H0_VM0', new_name: 'copy03', datastore: 'LocalDS_9' }, 'NOT_FOUND'],
      [{ template_name: 'DC0_H0_VM0' }, 'INVALID_INPUT'],
    ])('refuses %o with %s', async (args, code) => {
      await expect(harness.run('clone_vm', args, ADMIN)).rejects.toMatchObject({ code });
      expect(await there('copy03')).toBeUndefined();
    });
  });

  describe('reconfigure_vm', () => {
    it('changes size and annotation of a VM that is off', async () => {
      const name = 'DC0_H0_VM2';
      await harness.run('power_off', { name });
      const args = { name, cpu: 4, memory_mb: 2048, annotation: 'db <prod> & "more"' };
      expect(await harness.run('reconfigure_vm', args, ADMIN)).toMatchObject({
        vm: { name },
        cpu: 4,
        memory_mb: 2048,
        annotation: 'db <prod> & "more"',
        task: { state: 'success' },
      });
      expect(await there(name)).toMatchObject({
        'config.hardware.numCPU': '4',
        'config.hardware.memoryMB': '2048',
        'config.annotation': 'db <prod> & "more"',
      });
    });

    it('leaves alone what is left out', async () => {
      const name = 'DC0_H0_VM3';
      await harness.run('reconfigure_vm', { name, annotation: 'old' }, ADMIN);
      await harness.run('reconfigure_vm', { name, cpu: 1 }, ADMIN);
      expect(await there(name)).toMatchObject({ 'config.annotation': 'old' });
    });

    it('takes no memory from a running VM, and adds none without hot add', async () => {
      const name = 'DC0_H0_VM4';
      const before = await there(name);
      for (const change of [{ memory_mb: 16 }, { memory_mb: 64 }, { cpu: 2 }]) {
        await expect(harness.run('reconfigure_vm', { name, ...change }, ADMIN)).rejects.toMatchObject({
          code: 'INVALID_STATE',
          message: expect.stringContaining('shut it down first'),
        });
      }
      expect(await there(name)).toEqual(before);
    });

    it.each([[{}], [{ cpu: 0 }], [{ memory_mb: 6 }], [{ annotation: 'x'.repeat(16_385) }]])(
      'refuses %o',
      async (args) => {
        const call = harness.run('reconfigure_vm', { name: 'DC0_H0_VM4', ...args }, ADMIN);
        await expect(call).rejects.toMatchObject({ code: 'INVALID_INPUT' });
      },
    );
  });

  describe('rename_vm', () => {
    it('gives a VM another name, and it keeps its id', async () => {
      const { id } = await harness.run('get_vm_info', { name: 'DC0_C0_RP0_VM3' });
      const result = await harness.run('rename_vm', { name: id, new_name: 'größer "/" kleiner 100%' }, ADMIN);
      expect(result).toMatchObject({
        vm: { id, name: 'größer "/" kleiner 100%', path: '/DC0/vm/größer "%2f" kleiner 100%' },
        old_name: 'DC0_C0_RP0_VM3',
        task: { state: 'success' },
      });
      expect(await there('größer "%2f" kleiner 100%25')).toBeDefined();
      expect((await harness.run('get_vm_info', { name: 'größer "/" kleiner 100%' })).id).toBe(id);
    });

    it.each([
      [{ name: 'DC0_H0_VM0', new_name: 'DC0_H0_VM1' }, 'INVALID_STATE'],
      [{ name: 'DC0_H0_VM0', new_name: 'DC0_H0_VM0' }, 'INVALID_STATE'],
      [{ name: 'DC0_H0_VM99', new_name: 'x' }, 'NOT_FOUND'],
      [{ name: 'DC0_H0_VM0', new_name: '' }, 'INVALID_INPUT'],
      [{ name: 'DC0_H0_VM0', new_name: 'x'.repeat(81) }, 'INVALID_INPUT'],
      [{ name: 'DC0_H0_VM0', new_name: 'x\u0000' }, 'INVALID_INPUT'],
      [{ name: 'DC0_H0_VM0', new_name: 'x\ty' }, 'INVALID_INPUT'],
      [{ name: 'DC0_H0_VM0', new_name: 'x\u202ey' }, 'INVALID_INPUT'],
      [{ name: 'DC0_H0_VM0', new_name: 'x\u200by' }, 'INVALID_INPUT'],
      [{ name: 'DC0_H0_VM0', new_name: 'x\u2028y' }, 'INVALID_INPUT'],
      [{ name: 'DC0_H0_VM0', new_name: 'x\u2029y' }, 'INVALID_INPUT'],
      [{ name: 'DC0_H0_VM0', new_name: 'x\ud800y' }, 'INVALID_INPUT'],
    ])('refuses %o with %s', async (args, code) => {
      await expect(harness.run('rename_vm', args, ADMIN)).rejects.toMatchObject({ code });
      expect(await there('DC0_H0_VM0')).toBeDefined();
    });
  });

  describe('delete_vm', () => {
    it('powers off first what runs, then deletes it', async () => {
      const name = 'DC0_C0_RP0_VM1';
      const { id } = await harness.run('get_vm_info', { name });
      const told: string[] = [];
      const onProgress = (_progress: number, message: string) => told.push(message);
      expect(await harness.run('delete_vm', { name }, { ...ADMIN, onProgress })).toMatchObject({
        vm: { name, id },
        deleted: true,
        powered_off_first: true,
        task: { state: 'success' },
      });
      expect(told).toContain(`powering off ${name}`);
      expect(await there(name)).toBeUndefined();
      await expect(harness.run('delete_vm', { name: id }, ADMIN)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });

    it('puts the power-off on the record, and awaits it where the deletion is not awaited', async () => {
      const name = 'DC0_C0_RP0_VM4';
      const result = await harness.run('delete_vm', { name, wait: false }, ADMIN);
      expect(result).toMatchObject({ powered_off_first: true, task: { state: 'running' } });
      await harness.pipeline.idle();
      expect(await there(name)).toBeUndefined();
      const [intent, off, destroy, outcome] = harness.records().slice(-4);
      expect(intent).toMatchObject({ event: 'TOOL_INTENT', tool: 'delete_vm' });
      expect(off).toMatchObject({ event: 'TASK_STARTED', intent: intent!.id });
      expect(destroy).toMatchObject({ event: 'TASK_STARTED', intent: intent!.id, vcenter_task: result.task.id });
      expect(off!.vcenter_task).not.toBe(destroy!.vcenter_task);
      expect(outcome).toMatchObject({ event: 'TOOL_OUTCOME', result: 'success', vcenter_task: result.task.id });
    });

    it.each([
      [undefined, 'was powered off first; the connection is gone', 'UNAVAILABLE'],
      [
        new TaskFailedError('task-1', 'ResourceInUse', 'Its disk is in use.', undefined),
        'was powered off first, and not deleted: Its disk is in use.',
        'TASK_FAILED',
      ],
    ])('says that the VM was powered off when the deletion meets %s', async (error, message, code) => {
      const name = 'DC0_C0_RP0_VM5';
      if ((await there(name))?.['runtime.powerState'] === 'poweredOff') await harness.run('power_on', { name });
      harness.interruption = { method: 'PowerOffVM_Task', ...(error ? { error } : {}) };
      const running = harness.run('delete_vm', { name }, ADMIN);
      await expect(running).rejects.toMatchObject({ code, message: `"${name}" ${message}` });
      harness.interruption = undefined;
      expect(await there(name)).toMatchObject({ 'runtime.powerState': 'poweredOff' });
      expect(harness.records().at(-1)).toMatchObject({ event: 'TOOL_OUTCOME', error_code: code });
    });

    it('deletes what is off, without waiting where asked', async () => {
      const name = 'DC0_C0_RP0_VM2';
      await harness.run('power_off', { name });
      const result = await harness.run('delete_vm', { name, wait: false }, ADMIN);
      expect(result).toMatchObject({ powered_off_first: false, task: { state: 'running' } });
      await harness.pipeline.idle();
      expect(await there(name)).toBeUndefined();
      expect(harness.records().at(-1)).toMatchObject({ event: 'TOOL_OUTCOME', result: 'success' });
    });

    it('never deletes one of two VMs of the same name', async () => {
      const { aside } = harness;
      const vm = await aside.inventory.find('VirtualMachine', 'DC1_H0_VM1');
      await aside.tasks.wait(await aside.call('Rename_Task', { _this: vm.ref, newName: 'DC0_H0_VM5' }));
      await expect(harness.run('delete_vm', { name: 'DC0_H0_VM5' }, ADMIN)).rejects.toMatchObject({
        code: 'AMBIGUOUS',
      });
      const vms = await harness.peer.properties('VirtualMachine', ['name']);
      expect([...vms.values()].filter(({ name }) => name === 'DC0_H0_VM5')).toHaveLength(2);
    });
  });

  it.each([
    ['create_vm', { name: 'denied' }],
    ['clone_vm', { template_name: 'DC0_H0_VM0', new_name: 'denied' }],
    ['delete_vm', { name: 'DC0_H0_VM0' }],
    ['reconfigure_vm', { name: 'DC0_H0_VM0', annotation: 'denied' }],
    ['rename_vm', { name: 'DC0_H0_VM0', new_name: 'denied' }],
  ])('denies an operator who calls %s, and changes nothing', async (tool, args) => {
    const before = await there('DC0_H0_VM0');
    await expect(harness.run(tool, args, OPERATOR)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    expect(await there('DC0_H0_VM0')).toEqual(before);
    expect(await there('denied')).toBeUndefined();
  });
});

describe.skipIf(!(await vcsimAvailable()))('the life of a VM on a lone ESXi host', () => {
  let vcsim: Vcsim;
  let harness: ToolHarness;

  beforeAll(async () => {
    vcsim = await startVcsim({ esx: true, vm: 2 });
    harness = await startToolHarness([{ vcsim, kind: 'esxi' }]);
  });

  afterAll(async () => {
    await harness?.close();
    await vcsim?.stop();
  });

  it('lists, creates, switches, snapshots, renames, reconfigures and deletes', async () => {
    const { vms } = await harness.run('list_vms');
    expect(vms.map(({ name }: { name: string }) => name)).toEqual(['ha-host_VM0', 'ha-host_VM1']);

    const { vm } = await harness.run('create_vm', { name: 'lone', disk_gb: 1 }, ADMIN);
    await harness.run('power_on', { name: 'lone' }, ADMIN);
    expect(await harness.run('get_vm_info', { name: vm.id })).toMatchObject({
      name: 'lone',
      power_state: 'poweredOn',
      disks: [{ capacity_gb: 1, thin_provisioned: true }],
    });
    await harness.run('create_snapshot', { name: 'lone', snapshot_name: 'one' }, ADMIN);
    expect((await harness.run('list_snapshots', { name: 'lone' })).total).toBe(1);
    await harness.run('delete_all_snapshots', { name: 'lone' }, ADMIN);
    await harness.run('rename_vm', { name: 'lone', new_name: 'lonely' }, ADMIN);
    await harness.run('reconfigure_vm', { name: 'lonely', annotation: 'by itself' }, ADMIN);
    const there = await harness.peer.properties('VirtualMachine', ['name', 'config.annotation']);
    expect(there.get(vm.id)).toEqual({ name: 'lonely', 'config.annotation': 'by itself' });
    expect(await harness.run('delete_vm', { name: 'lonely' }, ADMIN)).toMatchObject({ deleted: true });
    expect((await harness.peer.properties('VirtualMachine', ['name'])).has(vm.id)).toBe(false);
  });

  it('says that a clone needs a vCenter', async () => {
    const args = { template_name: 'ha-host_VM0', new_name: 'copy' };
    await expect(harness.run('clone_vm', args, ADMIN)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('vCenter'),
    });
  });
});
