/** VMs become templates and templates VMs: what has to be so before, and where a template would run. */
import { InvalidStateError } from './errors.ts';
import type { InventoryObject } from './inventory.ts';
import { quoted } from './names.ts';
import { type ManagedObjectReference, sameRef } from './references.ts';
import { requirePowerState, type VmState } from './vm-state.ts';
import type { VsphereCall } from './vsphere.ts';

/** Errors: INVALID_STATE for a template and for what is not off. */
export function requireTemplatable(vm: InventoryObject, state: VmState): void {
  if (state.isTemplate) throw new InvalidStateError(`${quoted(vm.name)} is a template already.`);
  requirePowerState(vm, state, ['poweredOff'], 'only a VM that is off becomes a template; shut it down first.');
}

/** Errors: INVALID_STATE for what is a VM. */
export function requireTemplate(vm: InventoryObject, { isTemplate }: VmState): void {
  if (!isTemplate)
    throw new InvalidStateError(`${quoted(vm.name)} is a VM, not a template: list_templates tells those.`);
}

export interface Home {
  readonly pool: ManagedObjectReference;
  readonly host: ManagedObjectReference;
}

/**
 * The pool and host that a template becomes a VM on: where it is registered, unless the pool that is asked for is
 * another cluster's; then the host there with the fewest VMs that has all its datastores and networks.
 *
 * Errors: INVALID_STATE where no host of the pool can run it.
 */
export async function homeFor(
  vsphere: VsphereCall,
  template: InventoryObject,
  wanted: InventoryObject | undefined,
): Promise<Home> {
  const { props } = await vsphere.readOne('VirtualMachine', template.ref, ['runtime.host', 'datastore', 'network']);
  const own = props['runtime.host'];
  const pool = wanted?.ref ?? (await rootPoolOf(vsphere, own));
  if (pool === undefined) {
    throw new InvalidStateError(`The host of ${quoted(template.name)} cannot be read: give resource_pool.`);
  }
  const owner = (await vsphere.readOne('ResourcePool', pool, ['owner'])).props.owner;
  const hosts = owner && (await vsphere.readOne('ComputeResource', owner, ['host'])).props.host;
  const needs = [...(props.datastore ?? []), ...(props.network ?? [])];
  const usable = (await vsphere.read('HostSystem', hosts ?? [], ['runtime', 'vm', 'datastore', 'network'])).filter(
    ({ props: { runtime, datastore = [], network = [] } }) => {
      const there = [...datastore, ...network];
      const isUp = runtime?.connectionState === 'connected' && !runtime.inMaintenanceMode;
      return isUp && needs.every((ref) => there.some((each) => sameRef(each, ref)));
    },
  );
  const best =
    usable.find(({ ref }) => sameRef(ref, own)) ??
    usable.sort((a, b) => (a.props.vm?.length ?? 0) - (b.props.vm?.length ?? 0))[0];
  if (best === undefined) {
    const where = wanted === undefined ? 'of its cluster' : `of ${quoted(wanted.path)}`;
    throw new InvalidStateError(
      `No host ${where} is connected, out of maintenance, and has the datastores and networks of ${quoted(template.name)}.`,
    );
  }
  return { pool, host: best.ref };
}

async function rootPoolOf(vsphere: VsphereCall, host: ManagedObjectReference | undefined) {
  const parent = host && (await vsphere.readOne('HostSystem', host, ['parent'])).props.parent;
  return parent && (await vsphere.readOne('ComputeResource', parent, ['resourcePool'])).props.resourcePool;
}
