/**
 * Every tool of the gateway against the lab: that it works, how it mostly fails, and that it is denied, by the gateway
 * and by vCenter. A tool without an entry in the tables of tool-cases/ fails here.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { AnyObject } from '../../../lab/vcenter/core/managed-object.ts';
import { startVCenter, type VCenter } from '../../../lab/vcenter/vcenter.ts';
import { buildVm } from '../../../lab/vcenter/vm/build.ts';
import { DEFAULT_GROUPS } from '../../../src/policy/groups.ts';
import { PERMISSION_LEVELS } from '../../../src/policy/levels.ts';
import { tools } from '../../../src/tools/index.ts';
import { startToolHarness, type ToolHarness, toolNamed } from '../../support/tool-harness.ts';
import { made, type Stage, type ToolCases, type Vm } from './tool-cases/case.ts';
import { clusterCases } from './tool-cases/clusters.ts';
import { consoleCases } from './tool-cases/console.ts';
import { datastoreFileCases } from './tool-cases/datastore-files.ts';
import { deviceCases } from './tool-cases/devices.ts';
import { diskAndMediaCases } from './tool-cases/disks-and-media.ts';
import { folderCases, resourcePoolCases } from './tool-cases/folders-and-pools.ts';
import { guestCases } from './tool-cases/guest.ts';
import { hostChangeCases } from './tool-cases/host-changes.ts';
import { hostCases } from './tool-cases/hosts.ts';
import { inventoryAndHistoryCases } from './tool-cases/inventory-and-history.ts';
import { lifecycleCases } from './tool-cases/lifecycle.ts';
import { nicAndSerialPortCases } from './tool-cases/nics-and-serial-ports.ts';
import { ovfCases } from './tool-cases/ovf.ts';
import { powerCases } from './tool-cases/power.ts';
import { snapshotCases } from './tool-cases/snapshots.ts';
import { storageAndNetworkCases } from './tool-cases/storage-and-networks.ts';
import { tagCases } from './tool-cases/tags.ts';
import { vcenterOperationCases } from './tool-cases/vcenter-operations.ts';
import { vmMonitoringCases } from './tool-cases/vm-monitoring.ts';

const CASES: ToolCases = {
  ...lifecycleCases,
  ...powerCases,
  ...snapshotCases,
  ...vmMonitoringCases,
  ...consoleCases,
  ...guestCases,
  ...hostCases,
  ...hostChangeCases,
  ...clusterCases,
  ...storageAndNetworkCases,
  ...datastoreFileCases,
  ...deviceCases,
  ...diskAndMediaCases,
  ...nicAndSerialPortCases,
  ...ovfCases,
  ...inventoryAndHistoryCases,
  ...vcenterOperationCases,
  ...folderCases,
  ...resourcePoolCases,
  ...tagCases,
};

let vcenter: VCenter;
let harness: ToolHarness;
/** The same gateway with a service account that lacks one privilege. */
let limited: ToolHarness;
let lacking: string | undefined;
const taken = new Set<string>();
let lastMade = 0;

beforeAll(async () => {
  vcenter = await startVCenter({
    vms: 400,
    accounts: [
      { name: 'administrator@vsphere.local', password: 'lab-password' },
      { name: 'limited@vsphere.local', password: 'lab-password', may: (privilege) => privilege !== lacking },
    ],
  });
  harness = await startToolHarness([{ vcsim: vcenter }]);
  limited = await startToolHarness([{ vcsim: { ...vcenter, user: 'limited@vsphere.local' } }]);
  // Both are logged in before the first case counts what is asked of the lab.
  await Promise.all([harness.run('list_servers'), limited.run('get_vcenter_info')]);
});
afterAll(async () => {
  await harness?.close();
  await limited?.close();
  await vcenter?.stop();
});

const stage: Stage = {
  get vcenter() {
    return vcenter;
  },
  get world() {
    return vcenter.world;
  },
  run: (...call) => harness.run(...call),
  vm(powerState, holds = () => true) {
    const running = stage.first('VirtualMachine', (vm) => isFree(vm) && holds(vm));
    if (powerState === 'poweredOff') return madeBeside(running);
    taken.add(running.id);
    return running;
  },
  first(type, holds = () => true) {
    for (const object of vcenter.world.objects.all(type)) if (holds(object)) return object;
    throw new Error(`the lab has no ${type} of that kind left`);
  },
};

/** A usual VM that runs: with disk, card and Tools, without snapshots, and not yet given to a case. */
function isFree(vm: Vm): boolean {
  const { connectionState, powerState } = vm.get('runtime');
  const devices = vm.get('config')?.hardware.device ?? [];
  return (
    !taken.has(vm.id) &&
    connectionState === 'connected' &&
    powerState === 'poweredOn' &&
    vm.get('parent') !== undefined &&
    vm.get('snapshot') === undefined &&
    devices.some((device) => 'macAddress' in device) &&
    devices.some((device) => 'capacityInKB' in device) &&
    vm.get('guest')?.toolsRunningStatus === 'guestToolsRunning' &&
    vm.get('guest')?.ipAddress !== undefined
  );
}

/** A VM that is off, where another one is. */
function madeBeside(vm: Vm): Vm {
  const { world } = vcenter;
  const folder = vm.get('parent')!;
  return buildVm(world, {
    name: `case-${++lastMade}`,
    folder,
    pool: vm.get('resourcePool')!,
    host: vm.get('runtime').host!,
    datastore: world.objects.get(vm.get('datastore')[0]!, 'Datastore'),
    guestId: 'debian12_64Guest',
    disks: [{ capacityKb: 1024 * 1024 }],
    nics: [{ network: world.objects.get(vm.get('network')[0]!, 'Network') }],
  });
}

/** vCenter lists among an object's tasks that it was asked whether a VM could move: that changes nothing. */
function newestCheckOn(object: AnyObject): string | undefined {
  const newest = object.as('VirtualMachine')?.get('recentTask').at(-1);
  const task = newest && vcenter.world.objects.find(newest)?.as('Task');
  return task?.get('info').name === 'CheckRelocate_Task' ? task.id : undefined;
}

/** The group that grants the level below what a tool needs; none where it needs the lowest. */
function groupsBelow(name: string): string[] {
  const below = PERMISSION_LEVELS[PERMISSION_LEVELS.indexOf(toolNamed(name).permission) - 1];
  return [...DEFAULT_GROUPS].flatMap(([group, level]) => (level === below ? [group] : []));
}

const LOOKED_AT = ['Task', 'TaskManager', 'EventManager', 'Datastore', 'StoragePod'];

/** What lies in the roots of the datastores, and how full they are. */
function filesOfAll(): unknown[] {
  return [...vcenter.world.objects.all('Datastore')].map((datastore) => {
    const files = vcenter.world.files.of(datastore);
    return [datastore.id, files.freeBytes(), ...files.list('').map(({ name, size }) => `${name} ${size}`)];
  });
}

it('knows what every tool has to show, and of no tool that is not there', () => {
  expect(Object.keys(CASES).sort()).toEqual(tools.map(({ name }) => name).sort());
});

describe.each(Object.entries(CASES))('%s', (name, { works, fails, denied }) => {
  it('works', () => works(stage));

  it(`fails with ${fails.code}`, async () => {
    const args = await made(fails.args, stage);
    await expect(harness.run(name, args)).rejects.toMatchObject({
      code: fails.code,
      message: expect.stringMatching(fails.says ?? /./),
    });
  });

  it('is denied to a caller without its level, and asks vCenter nothing', async () => {
    const args = await made(denied.args, stage);
    const heard = vi.spyOn(vcenter.interference, 'take');
    try {
      await expect(harness.run(name, args, { groups: groupsBelow(name) })).rejects.toMatchObject({
        code: 'PERMISSION_DENIED',
      });
      // What an earlier call has left to be tidied up may still come.
      const asked = heard.mock.calls.flat().filter((method) => !/PropertyFilter$|WaitForUpdates/.test(method));
      expect(asked).toEqual([]);
    } finally {
      heard.mockRestore();
    }
  });

  const { without } = denied;
  if (without === undefined) return;
  it(`is denied by vCenter without ${without}`, async () => {
    const args = await made(denied.args, stage);
    const changes: string[] = [];
    const checks = new Set<string>();
    const unwatch = vcenter.world.objects.watch((object) => {
      const { ref } = object;
      const check = newestCheckOn(object);
      if (check !== undefined && checks.size < checks.add(check).size) return;
      // The gateway announces what it is about to do in an event, and looks for files by tasks of the datastore.
      if (!LOOKED_AT.includes(ref.type)) changes.push(`${ref.type} ${ref.value}`);
    });
    const files = filesOfAll();
    lacking = without;
    try {
      await expect(limited.run(name, args)).rejects.toMatchObject({
        code: 'PERMISSION_DENIED',
        message: expect.stringContaining(without),
      });
      expect(changes, 'nothing was changed').toEqual([]);
      expect(filesOfAll()).toEqual(files);
    } finally {
      lacking = undefined;
      unwatch();
    }
  });
});
