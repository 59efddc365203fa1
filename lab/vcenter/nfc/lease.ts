/**
 * HttpNfcLease: the right to send or fetch the disks of one VM for a while.
 *
 * A lease that nobody reports progress on ends by itself: the VM that it was to import is gone then.
 */
import { randomUUID } from 'node:crypto';
import type { HttpNfcLeaseInfo, HttpNfcLeaseManifestEntry } from '../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import { fault, localized, VimFault } from '../core/faults.ts';
import type { AnyObject, ManagedObject } from '../core/managed-object.ts';
import type { Call } from '../core/method.ts';
import type { RunningTask } from '../core/tasks.ts';
import type { World } from '../core/world.ts';
import type { Located } from '../files/locate.ts';

/** Seconds. */
const LEASE_TIMEOUT = 300;
const MAX_FINISHED = 200;

export interface LeasedDevice {
  /** `/vm-42/ParaVirtualSCSIController0:0` */
  readonly key: string;
  /** `/web01/ParaVirtualSCSIController0:0` */
  readonly importKey: string;
  /** `disk-0.vmdk` */
  readonly fileName: string;
  readonly target: Located;
  /** Undefined for what is no disk. */
  readonly capacityKb?: number;
}

export type LeaseMode = 'import' | 'export';

export interface Lease {
  readonly object: ManagedObject<'HttpNfcLease'>;
  /** In its URLs: who knows it may transfer. */
  readonly token: string;
  readonly mode: LeaseMode;
  readonly devices: readonly LeasedDevice[];
  /** By the devices' keys, of what was transferred. */
  readonly manifest: Map<string, HttpNfcLeaseManifestEntry>;
  /** By the devices' keys; SHA-1 where there is none. */
  readonly checksumTypes: Map<string, string>;
  isReady(): boolean;
  /** Errors: InvalidState, Timedout. */
  report(percent: number): void;
  complete(): void;
  abort(error: VimFault): void;
}

export interface LeasePlan {
  readonly mode: LeaseMode;
  readonly taskName: string;
  readonly descriptionId: string;
  /** What the task is of. */
  readonly entity: AnyObject;
  readonly locks: readonly AnyObject[];
  /** Makes the lease ready. A fault that it throws is the lease's error. */
  readonly prepare: () => { readonly vm: ManagedObject<'VirtualMachine'>; readonly devices: readonly LeasedDevice[] };
  /** After it was completed. Its result is the task's. */
  readonly finish: () => unknown;
  /** After it was aborted, timed out or could not be made ready. */
  readonly undo: () => void;
}

interface State {
  readonly byToken: Map<string, Lease>;
  readonly byId: Map<string, Lease>;
  readonly finished: Lease[];
}

const worlds = new WeakMap<World, State>();

function stateOf(world: World): State {
  const known = worlds.get(world);
  if (known) return known;
  const state = { byToken: new Map(), byId: new Map(), finished: [] };
  worlds.set(world, state);
  return state;
}

export function leaseOf(world: World, object: AnyObject): Lease | undefined {
  return stateOf(world).byId.get(object.id);
}

/** Of those that may transfer now. */
export function leaseByToken(world: World, token: string): Lease | undefined {
  const lease = stateOf(world).byToken.get(token);
  return lease?.isReady() ? lease : undefined;
}

/** Ends all that is open: nothing waits for their time any more. */
export function endLeases(world: World): void {
  for (const lease of stateOf(world).byToken.values()) lease.abort(canceled());
}

export function canceled(): VimFault {
  return fault('RequestCanceled', {}, 'The task was canceled by a user.');
}

/** Starts the task that holds the lease. Errors: TaskInProgress. */
export function openLease(
  call: Pick<Call, 'world' | 'session' | 'operationId'>,
  plan: LeasePlan,
): ManagedObjectReference {
  const { world, session } = call;
  const state = stateOf(world);
  const closing = new AbortController();
  let resolveEnded: (error: VimFault | undefined) => void = () => {};
  const ended = new Promise<VimFault | undefined>((resolve) => {
    resolveEnded = resolve;
  });
  const token = randomUUID();
  let task: RunningTask | undefined;
  let deadline = 0;
  let devices: readonly LeasedDevice[] = [];

  const object = world.objects.add(
    'HttpNfcLease',
    {
      state: 'initializing',
      initializeProgress: 0,
      transferProgress: 0,
      mode: 'pushOrGet',
      capabilities: { pullModeSupported: false, corsSupported: false },
    },
    `session[${session.key}]${token}`,
  );
  const end = (error?: VimFault) => {
    if (closing.signal.aborted) return;
    object.set(error ? { state: 'error', error: localized(error) } : { state: 'done' });
    state.byToken.delete(token);
    state.finished.push(lease);
    const oldest = state.finished.length > MAX_FINISHED ? state.finished.shift() : undefined;
    if (oldest) {
      state.byId.delete(oldest.object.id);
      world.objects.remove(oldest.object);
    }
    closing.abort();
    resolveEnded(error);
  };
  const expire = async () => {
    while (!closing.signal.aborted) {
      const left = deadline - world.clock.now();
      if (left <= 0) end(fault('Timedout', {}, 'Operation timed out.'));
      else await world.clock.sleep(left, closing.signal).catch(() => {});
    }
  };
  const lease: Lease = {
    object,
    token,
    mode: plan.mode,
    get devices() {
      return devices;
    },
    manifest: new Map(),
    checksumTypes: new Map(),
    isReady: () => object.get('state') === 'ready',
    report(percent) {
      if (!lease.isReady()) throw refusal(object);
      deadline = world.clock.now() + LEASE_TIMEOUT * 1000;
      object.set({ transferProgress: percent });
      // Cancelling is heard of through the task's signal.
      task?.progress(percent).catch(() => {});
    },
    complete() {
      if (!lease.isReady()) throw refusal(object);
      end();
    },
    abort: end,
  };
  state.byToken.set(token, lease);
  state.byId.set(object.id, lease);

  const start = () =>
    world.tasks.start(call, {
      name: plan.taskName,
      descriptionId: plan.descriptionId,
      entity: plan.entity,
      locks: plan.locks,
      failed: end,
      async run(running) {
        task = running;
        running.signal.addEventListener('abort', () => end(canceled()), { once: true });
        if (!closing.signal.aborted) {
          try {
            const prepared = plan.prepare();
            devices = prepared.devices;
            running.lock(prepared.vm);
            deadline = world.clock.now() + LEASE_TIMEOUT * 1000;
            object.set({ state: 'ready', initializeProgress: 100, info: infoOf(world, lease, prepared.vm) });
            void expire();
          } catch (error) {
            if (!(error instanceof VimFault)) throw error;
            end(error);
          }
        }
        const error = await ended;
        if (!error) return plan.finish();
        plan.undo();
        throw error;
      },
    });
  try {
    start();
  } catch (error) {
    state.byToken.delete(token);
    state.byId.delete(object.id);
    world.objects.remove(object);
    throw error;
  }
  return object.ref;
}

function refusal(object: ManagedObject<'HttpNfcLease'>): VimFault {
  const error = object.get('error')?.fault;
  if (error?.$type === 'Timedout') return fault('Timedout', {}, 'Operation timed out.');
  return fault('InvalidState', {}, 'The operation is not allowed in the current state.');
}

function infoOf({ web }: World, lease: Lease, vm: ManagedObject<'VirtualMachine'>): HttpNfcLeaseInfo {
  const { object, token, devices } = lease;
  return {
    lease: object.ref,
    entity: vm.ref,
    leaseTimeout: LEASE_TIMEOUT,
    totalDiskCapacityInKB: devices.reduce((total, { capacityKb = 0 }) => total + capacityKb, 0),
    ...(devices.length > 0 && {
      deviceUrl: devices.map(({ key, importKey, fileName, target, capacityKb }) => ({
        key,
        importKey,
        url: `${web.scheme}://*/nfc/${token}/${encodeURIComponent(fileName)}`,
        sslThumbprint: web.thumbprint,
        disk: capacityKb !== undefined,
        targetId: fileName,
        datastoreKey: target.datastore.get('info')?.url ?? target.datastore.id,
        ...(lease.mode === 'export' && { fileSize: target.files.stat(target.path)?.size ?? 0 }),
      })),
    }),
  };
}
