/**
 * Leases: vSphere's permission to send or fetch the disks of one VM for a while (vSphere API, HttpNfcLease).
 *
 * Whatever happens, a lease is completed or aborted: when something fails, when its caller goes away, when the gateway
 * stops. An aborted import takes the VM that it had begun with it.
 */
import { bounded } from '../lib/bounded.ts';
import type { Clock } from '../lib/clock.ts';
import { abortError, GatewayError } from '../lib/errors.ts';
import { faultFromLocalized } from '../vim25/faults.ts';
import type { HttpNfcLeaseInfo, LocalizedMethodFault } from '../vim25/generated/types.ts';
import { goneObject } from './faults.ts';
import type { PropertyWatcher } from './property-watcher.ts';
import type { CallMethod, Reader } from './reader.ts';
import { type ManagedObjectReference, refKey } from './references.ts';

export interface Lease {
  readonly ref: ManagedObjectReference;
  readonly info: HttpNfcLeaseInfo;
  /** Aborted with the call, and when vSphere ends the lease by itself. */
  readonly signal: AbortSignal;
  /** How far the transfer has come; vSphere is told every few seconds, and keeps the lease as long as it is told. */
  report(percent: number): void;
}

/**
 * Begins a lease, waits until it is ready, gives it to `use`, and completes it when that has succeeded; aborts it
 * otherwise.
 *
 * Errors: those of `start` and `use`; the fault with which vSphere ended the lease.
 */
export type UseLease = <R>(
  start: (call: CallMethod) => Promise<ManagedObjectReference>,
  use: (lease: Lease) => Promise<R>,
) => Promise<R>;

/** The leases of a server that are open now. */
export interface OpenLeases {
  readonly all: Map<string, ManagedObjectReference>;
  readonly call: CallMethod;
  readonly clock: Clock;
  readonly watch: PropertyWatcher['watch'];
}

const REPORT_EVERY_MS = 5_000;
const ABORT_MS = 5_000;
const ABORT_ALL_MS = 3_000;

export function createUseLease(leases: OpenLeases, { withTemporary, call, signal, readOne }: Reader): UseLease {
  return async (start, use) => {
    let ended = false;
    let abort: (lease: ManagedObjectReference) => Promise<unknown> = async () => {};
    return withTemporary(
      async (unbound) => {
        const lease = await start(unbound);
        abort = (ref) => unbound('HttpNfcLeaseAbort', { _this: ref });
        leases.all.set(refKey(lease), lease);
        return lease;
      },
      async (unbound, lease) => {
        leases.all.delete(refKey(lease));
        if (!ended) await unbound('HttpNfcLeaseAbort', { _this: lease });
      },
      async (ref) => {
        await ready(leases.watch, ref, signal);
        const { props } = await readOne('HttpNfcLease', ref, ['info']);
        if (props.info === undefined) throw new GatewayError('VSPHERE_FAULT', 'vSphere gave a lease without content.');
        const reports = startReports(leases.clock, call, props.info);
        const until = AbortSignal.any([signal, reports.failed]);
        try {
          const result = await use({ ref, info: props.info, signal: until, report: reports.report });
          await call('HttpNfcLeaseComplete', { _this: ref });
          ended = true;
          return result;
        } catch (error) {
          // The broken transfer is what follows; that the lease has ended is why.
          const why = reports.failed.aborted && !signal.aborted ? abortError(reports.failed) : error;
          ended = await succeeds(abort(ref));
          throw ended ? withoutEffect(why) : why;
        } finally {
          reports.stop();
        }
      },
    );
  };
}

async function succeeds(work: Promise<unknown>): Promise<boolean> {
  let done = false;
  const settled = work.then(
    () => {
      done = true;
    },
    () => {},
  );
  await bounded(settled, ABORT_MS);
  return done;
}

/** After the lease was aborted it is known what became of the change: nothing. */
function withoutEffect(error: unknown): unknown {
  if (!(error instanceof GatewayError && error.maybeExecuted)) return error;
  return new GatewayError(error.code, `${error.message} The transfer was aborted, and nothing of it stays.`, {
    cause: error,
  });
}

/** When the gateway stops: what nobody will complete any more. */
export async function abortLeases({ all, call }: OpenLeases): Promise<void> {
  const aborting = [...all.values()].map((lease) => call('HttpNfcLeaseAbort', { _this: lease }).catch(() => undefined));
  if (aborting.length > 0) await bounded(Promise.all(aborting), ABORT_ALL_MS);
}

function startReports(clock: Clock, call: CallMethod, { lease, leaseTimeout }: HttpNfcLeaseInfo) {
  const stopping = new AbortController();
  const failing = new AbortController();
  let percent = 0;
  const every = Math.max(1000, Math.min(REPORT_EVERY_MS, (leaseTimeout * 1000) / 4));
  const reporting = async () => {
    for (;;) {
      await clock.sleep(every, stopping.signal);
      await call('HttpNfcLeaseProgress', { _this: lease, percent });
    }
  };
  void reporting().catch((error: unknown) => {
    if (!stopping.signal.aborted) failing.abort(error);
  });
  return {
    failed: failing.signal,
    report(now: number) {
      percent = Math.max(percent, Math.min(100, Math.floor(now)));
    },
    stop: () => stopping.abort(),
  };
}

function ready(watch: PropertyWatcher['watch'], lease: ManagedObjectReference, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(abortError(signal));
      return;
    }
    const end = (settle: () => void) => {
      stop();
      signal.removeEventListener('abort', aborted);
      settle();
    };
    const aborted = () => end(() => reject(abortError(signal)));
    const stop = watch(lease, ['state', 'error'], {
      changed({ state, error }) {
        if (state === 'ready') end(resolve);
        else if (state === 'error') end(() => reject(faultFromLocalized((error as LocalizedMethodFault) ?? NO_FAULT)));
        else if (state === 'done') end(() => reject(gone()));
      },
      gone: () => end(() => reject(gone())),
      failed: (error) => end(() => reject(goneObject(error) === undefined ? error : gone())),
      closed: () => end(() => reject(new GatewayError('UNAVAILABLE', 'The gateway is shutting down.'))),
    });
    signal.addEventListener('abort', aborted, { once: true });
  });
}

const NO_FAULT = { fault: {}, localizedMessage: '' };

function gone(): GatewayError {
  return new GatewayError('VSPHERE_FAULT', 'vSphere ended the lease before anything was transferred: try again.');
}
