/** A lab with VMs of the test's own making, and the ways to it: tools, the bare client, and what the lab holds. */

import type { ManagedObject } from '../../../../lab/vcenter/core/managed-object.ts';
import { startVCenter, type VCenter, type VCenterOptions } from '../../../../lab/vcenter/vcenter.ts';
import { buildVm, type VmSpec } from '../../../../lab/vcenter/vm/build.ts';
import { runningGuest } from '../../../../lab/vcenter/vm/guest-info.ts';
import { startRunning } from '../../../../lab/vcenter/vm/power-state.ts';
import type { VimClient } from '../../../../src/vim25/client.ts';
import type { TaskInfo } from '../../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../../src/vim25/managed-object-reference.ts';
import { startToolHarness, type ToolHarness } from '../../../support/tool-harness.ts';
import { connectTo } from '../../../vim25/connect.ts';

export type Vm = ManagedObject<'VirtualMachine'>;

export interface Stage {
  readonly vcenter: VCenter;
  readonly harness: ToolHarness;
  readonly client: VimClient;
  /** A VM beside the others of the first cluster, with Tools, off unless `on`. */
  vm(name: string, spec?: Partial<VmSpec> & { readonly on?: boolean }): Vm;
  readonly place: Place;
  /** What a task came to; rejects with its fault's class. */
  done(task: ManagedObjectReference): Promise<TaskInfo>;
  /** The classes of the events of a VM, oldest first, but for those of tasks. */
  eventsOf(vm: Vm): string[];
  close(): Promise<void>;
}

export interface Place {
  readonly host: ManagedObject<'HostSystem'>;
  readonly pool: ManagedObject<'ResourcePool'>;
  readonly folder: ManagedObject<'Folder'>;
  readonly datastore: ManagedObject<'Datastore'>;
  readonly network: ManagedObject<'Network'>;
}

export async function openStage(options: VCenterOptions = {}): Promise<Stage> {
  const vcenter = await startVCenter({ vms: 10, ...options });
  const harness = await startToolHarness([{ vcsim: vcenter }]);
  const client = await connectTo(vcenter);
  const { world } = vcenter;
  const place = placeIn(vcenter);
  return {
    vcenter,
    harness,
    client,
    place,
    vm(name, { on = false, ...spec } = {}) {
      const { host, pool, folder, datastore, network } = place;
      const vm = buildVm(world, {
        name,
        host: host.ref,
        pool: pool.ref,
        folder: folder.ref,
        datastore,
        guestId: 'debian12_64Guest',
        numCpu: 2,
        memoryMb: 2048,
        disks: [{ capacityKb: 10 * 1024 * 1024 }],
        nics: [{ network }],
        cdrom: true,
        ...spec,
      });
      const config = vm.get('config')!;
      vm.set({ guest: { ...runningGuest({ config, tools: 'current', hostName: name, networks: new Map() }) } });
      if (on) startRunning(world, vm);
      else vm.set({ guest: { ...vm.get('guest')!, toolsRunningStatus: 'guestToolsNotRunning' } });
      return vm;
    },
    done: async (task) => {
      await world.tasks.idle();
      const { info } = { info: world.objects.get<'Task'>(task).get('info') };
      if (info.state !== 'success')
        throw Object.assign(new Error(info.error?.localizedMessage), {
          faultType: info.error?.fault.$type,
          fault: info.error?.fault,
        });
      return info;
    },
    eventsOf: (vm) =>
      world.events
        .all()
        .flatMap((event) =>
          event.vm?.vm.value === vm.id && /^(?:Drs)?Vm/.test(event.$type ?? '') ? [event.$type ?? ''] : [],
        ),
    async close() {
      await client.close();
      await harness.close();
      await vcenter.stop();
    },
  };
}

/** A cluster with DRS: a host that runs, its root pool, a datastore that all of its hosts see. */
function placeIn({ world: { objects } }: VCenter): Place {
  for (const cluster of objects.all('ClusterComputeResource')) {
    if (cluster.get('configuration').drsConfig.enabled !== true) continue;
    const hosts = cluster.get('host').map((ref) => objects.get<'HostSystem'>(ref));
    const host = hosts.find((each) => !each.get('runtime').inMaintenanceMode)!;
    const datastore = host
      .get('datastore')
      .map((ref) => objects.get<'Datastore'>(ref))
      .find(
        (each) =>
          each.get('summary').accessible &&
          hosts.every((other) => other.get('datastore').some(({ value }) => value === each.id)),
      )!;
    const network = host
      .get('network')
      .map((ref) => objects.get<'Network'>(ref))
      .find(({ ref }) => ref.type === 'Network')!;
    const pool = objects.get<'ResourcePool'>(cluster.get('resourcePool')!);
    const datacenter = [...objects.all('Datacenter')].find((each) =>
      each.get('datastore').some(({ value }) => value === datastore.id),
    )!;
    return { host, pool, datastore, network, folder: objects.get<'Folder'>(datacenter.get('vmFolder')) };
  }
  throw new Error('the lab has no cluster with DRS');
}
