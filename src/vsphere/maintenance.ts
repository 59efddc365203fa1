/** Into maintenance mode and out of it, and down: what has to be so before. */
import type { ClusterConfigInfoEx } from '../vim25/generated/types.ts';
import { InvalidStateError, listed, UnsupportedError } from './errors.ts';
import { type HostState, requireConnected } from './host-state.ts';
import type { InventoryObject } from './inventory.ts';
import { decodeName, quoted } from './names.ts';
import type { Reader } from './reader.ts';

/** Of the running VMs, in a sentence. */
const MOST_NAMED = 5;

function runningOn({ runningVms }: HostState): string {
  const names = listed(
    runningVms.map((name) => quoted(decodeName(name))),
    MOST_NAMED,
  );
  return runningVms.length === 1 ? `the VM ${names} runs on it` : `${runningVms.length} VMs run on it (${names})`;
}

/** Whether DRS moves VMs off the host by itself: that of a cluster, fully automated. */
export async function movesItsVms(reader: Reader, { parent }: HostState): Promise<boolean> {
  if (parent?.type !== 'ClusterComputeResource') return false;
  const { props } = await reader.readOne('ClusterComputeResource', parent, ['configurationEx']);
  const { drsConfig } = (props.configurationEx ?? {}) as Partial<ClusterConfigInfoEx>;
  return drsConfig?.enabled === true && drsConfig.defaultVmBehavior === 'fullyAutomated';
}

/**
 * vSphere itself would start, and then wait for running VMs to go until its time is over.
 *
 * Errors: INVALID_STATE where it is in maintenance mode, or where VMs would have to be moved and nothing moves them.
 */
export function requireEnterable(
  host: InventoryObject,
  state: HostState,
  { evacuate, drs }: { readonly evacuate: boolean; readonly drs: boolean },
): void {
  requireConnected(host, state);
  if (state.inMaintenanceMode) throw new InvalidStateError(`${quoted(host.name)} is in maintenance mode already.`);
  if (evacuate && !drs && state.runningVms.length > 0) {
    throw new InvalidStateError(
      `${quoted(host.name)} is in no cluster whose DRS moves VMs by itself, and ${runningOn(state)}: migrate_vm or shutdown_guest them first, or wait for that with evacuate_vms=false.`,
    );
  }
}

/** Errors: INVALID_STATE. */
export function requireExitable(host: InventoryObject, state: HostState): void {
  requireConnected(host, state);
  if (!state.inMaintenanceMode) throw new InvalidStateError(`${quoted(host.name)} is not in maintenance mode.`);
}

/** Errors: INVALID_STATE where the host has not been emptied and nobody insists; UNSUPPORTED. */
export function requireDownable(
  host: InventoryObject,
  state: HostState,
  { action, force }: { readonly action: 'reboot' | 'shutdown'; readonly force: boolean },
): void {
  requireConnected(host, state);
  if ((action === 'reboot' ? state.canReboot : state.canShutDown) === false) {
    throw new UnsupportedError(`${quoted(host.name)} does not support this through its API.`);
  }
  if (state.inMaintenanceMode || force) return;
  const vms = state.runningVms.length === 0 ? '' : `, and ${runningOn(state)}`;
  throw new InvalidStateError(
    `${quoted(host.name)} is not in maintenance mode${vms}: enter_maintenance_mode first, or say force=true, which cuts the power of running VMs.`,
  );
}

/** What the caller should know who has asked for it. */
export function warningOf(action: 'reboot' | 'shutdown', state: HostState): string {
  const next =
    action === 'reboot'
      ? 'The host is out of reach until it has started again, which takes minutes: list_hosts tells.'
      : 'The host stays off until somebody switches it on; the gateway cannot.';
  const mode = action === 'reboot' && state.inMaintenanceMode ? ' It is then still in maintenance mode.' : '';
  if (state.runningVms.length === 0) return next + mode;
  return `${next}${mode} It goes down without regard to its VMs: ${runningOn(state)}.`;
}
