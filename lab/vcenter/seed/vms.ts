/** Builds the planned VMs, as they are after months of work. */
import type { VirtualEthernetCard } from '../../../src/vim25/generated/types.ts';
import type { AnyObject, ManagedObject } from '../core/managed-object.ts';
import type { World } from '../core/world.ts';
import { buildVm, type VmSpec } from '../vm/build.ts';
import { runningGuest, silentGuest } from '../vm/guest-info.ts';
import { guestSystem } from '../vm/guest-systems.ts';
import { takeSnapshot } from '../vm/snapshots.ts';
import { DOMAIN } from './hosts.ts';
import type { VmPlan } from './vm-plans.ts';

export interface VmPlace {
  readonly host: ManagedObject<'HostSystem'>;
  readonly datastore: ManagedObject<'Datastore'>;
  readonly folder: AnyObject | undefined;
  /** Undefined for a template. */
  readonly pool: AnyObject | undefined;
  readonly vApp: AnyObject | undefined;
  readonly network: AnyObject;
  /** An image to have in the drive. */
  readonly iso?: { readonly iso: string; readonly datastore: AnyObject };
}

const GIB_IN_KB = 1024 * 1024;
const DAY_MS = 86_400_000;

export function seedVm(world: World, plan: VmPlan, place: VmPlace): ManagedObject<'VirtualMachine'> {
  const { clock, random } = world;
  const { host, datastore, folder, pool, vApp, network, iso } = place;
  const createdAt = clock.now() - random.between(100 * DAY_MS, 900 * DAY_MS);
  const bootedAt = Math.max(createdAt, clock.now() - random.between(DAY_MS / 24, 95 * DAY_MS));
  const spec: VmSpec = {
    name: plan.name,
    host: host.ref,
    datastore,
    guestId: plan.guestId,
    numCpu: plan.numCpu,
    memoryMb: plan.memoryGib * 1024,
    disks: plan.disksGib.map((size, index) => ({ capacityKb: size * GIB_IN_KB, thin: index === 0 })),
    nics: [{ network, ...(plan.guestId.startsWith('otherLinux') && { type: 'VirtualE1000e' }) }],
    cdrom: iso ?? true,
    createdAt,
    runtime: {
      powerState: plan.state,
      ...(plan.state === 'poweredOn' && {
        bootTime: new Date(bootedAt).toISOString(),
        maxCpuUsage: plan.numCpu * 1995,
        maxMemoryUsage: plan.memoryGib * 1024,
        minRequiredEVCModeKey: 'intel-broadwell',
      }),
      ...(plan.state === 'suspended' && { suspendTime: new Date(bootedAt).toISOString() }),
      ...(plan.connection && { connectionState: plan.connection }),
    },
    ...(plan.serialPort !== undefined && { serialPorts: [plan.serialPort] }),
    ...(plan.annotation !== undefined && { annotation: plan.annotation }),
    ...(plan.template && { template: true }),
    ...(folder && { folder: folder.ref }),
    ...(pool && { pool: pool.ref }),
    ...(vApp && { vApp: vApp.ref }),
  };
  const vm = buildVm(world, spec);
  setGuest(vm, plan, network);
  plan.snapshots?.forEach((name, index) => {
    const at = clock.now() - (plan.snapshots!.length - index) * 9 * DAY_MS;
    takeSnapshot(world, vm, { name, description: `Taken before the change, ticket OPS-${1200 + index}`, at });
  });
  // Of a VM whose files cannot be reached, nothing is known but what the inventory holds.
  if (plan.connection === 'inaccessible')
    vm.set({ datastore: vm.get('datastore'), config: undefined, guest: undefined });
  return vm;
}

function setGuest(vm: ManagedObject<'VirtualMachine'>, plan: VmPlan, network: AnyObject): void {
  const config = vm.get('config')!;
  const { tools } = plan;
  const running = plan.state === 'poweredOn';
  if (!running || tools === 'none' || tools === 'silent') {
    vm.set({ guest: silentGuest(config, { tools: tools === 'unmanaged' && !running ? 'silent' : tools, running }) });
    return;
  }
  const cards = (config.hardware.device ?? []).filter(
    (device): device is VirtualEthernetCard => 'macAddress' in device,
  );
  const name = String(network.read('name'));
  const host = plan.name.toLowerCase().replace(/%2f|[^a-z0-9-]+/g, '-');
  vm.set({
    guest: runningGuest({
      config,
      tools,
      hostName:
        guestSystem(plan.guestId).family === 'windowsGuest' ? host.toUpperCase().slice(0, 15) : `${host}.${DOMAIN}`,
      networks: new Map(cards.map(({ key }) => [key, name])),
    }),
  });
}
