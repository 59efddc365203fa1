/** What must be so before an ESXi host is changed, said in words that tell what to do. */
import { InvalidStateError } from './errors.ts';
import type { InventoryObject } from './inventory.ts';
import { quoted } from './names.ts';
import type { Reader } from './reader.ts';
import type { ManagedObjectReference } from './references.ts';
import { requireReadable } from './unreadable.ts';

export interface HostState {
  readonly connectionState: string | undefined;
  readonly inMaintenanceMode: boolean;
  /** Absent where the host does not tell. */
  readonly canReboot: boolean | undefined;
  readonly canShutDown: boolean | undefined;
  /** Its cluster, or its compute resource of one. */
  readonly parent: ManagedObjectReference | undefined;
  /** Names of the VMs that run on it. */
  readonly runningVms: readonly string[];
}

/** The host in one round trip, its VMs in a second. */
export async function readHostState(reader: Reader, host: InventoryObject): Promise<HostState> {
  const { props } = await reader.readOne('HostSystem', host.ref, [
    'runtime.connectionState',
    'runtime.inMaintenanceMode',
    'capability.rebootSupported',
    'capability.shutdownSupported',
    'parent',
    'vm',
  ]);
  const vms = await reader.read('VirtualMachine', props.vm ?? [], ['name', 'runtime.powerState']);
  // Whether it runs has to be known of each: what is not seen would go down with the host.
  for (const vm of vms) await requireReadable(reader, vm);
  return {
    connectionState: props['runtime.connectionState'],
    inMaintenanceMode: props['runtime.inMaintenanceMode'] === true,
    canReboot: props['capability.rebootSupported'],
    canShutDown: props['capability.shutdownSupported'],
    parent: props.parent,
    runningVms: vms
      .filter((vm) => vm.props['runtime.powerState'] === 'poweredOn')
      .map((vm) => vm.props.name ?? vm.ref.value),
  };
}

export async function readMaintenanceMode(reader: Reader, host: InventoryObject): Promise<boolean> {
  const { props } = await reader.readOne('HostSystem', host.ref, ['runtime.inMaintenanceMode']);
  return props['runtime.inMaintenanceMode'] === true;
}

/** Errors: INVALID_STATE for a host that vCenter does not reach. */
export function requireConnected(host: InventoryObject, { connectionState }: Pick<HostState, 'connectionState'>): void {
  if (connectionState === undefined || connectionState === 'connected') return;
  throw new InvalidStateError(`${quoted(host.name)} is ${connectionState}: it has to be reconnected first.`);
}
