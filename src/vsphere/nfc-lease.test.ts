import { describe, expect, it } from 'vitest';
import type { Clock } from '../lib/clock.ts';
import { GatewayError } from '../lib/errors.ts';
import { createUseLease, type Lease } from './nfc-lease.ts';
import type { CallMethod, Reader } from './reader.ts';
import { temporary } from './temporary.ts';

const LEASE = { type: 'HttpNfcLease', value: 'lease-1' };

/** A server that has one lease, ready at once, and a clock whose sleepers are woken by hand. */
function stage(refuse: Partial<Record<string, Error>> = {}) {
  const calls: [method: string, percent?: number][] = [];
  const wake: (() => void)[] = [];
  const call = (async (method: string, request: { percent?: number }) => {
    calls.push(request.percent === undefined ? [method] : [method, request.percent]);
    if (refuse[method]) throw refuse[method];
    return LEASE;
  }) as unknown as CallMethod;
  const clock: Clock = {
    now: () => 0,
    monotonic: () => 0,
    sleep: (_, until) =>
      new Promise((resolve, reject) => {
        wake.push(resolve);
        until?.addEventListener('abort', () => reject(new Error('woken')));
      }),
  };
  const { signal } = new AbortController();
  const reader = {
    call,
    signal,
    readOne: async () => ({ props: { info: { lease: LEASE, leaseTimeout: 300 } } }),
    withTemporary: (make, destroy, use) => temporary({ call: () => call, signal }, make, destroy, use),
  } as Pick<Reader, 'call' | 'signal' | 'withTemporary'> as Reader;
  const watch = (_ref: unknown, _paths: unknown, listener: { changed(props: object): void }) => {
    queueMicrotask(() => listener.changed({ state: 'ready' }));
    return () => {};
  };
  const leases = { all: new Map(), call, clock, watch: watch as never };
  const run = (use: (lease: Lease) => Promise<unknown>) =>
    createUseLease(leases, reader)((start) => start('ExportVm', { _this: LEASE }), use);
  return { calls, wake, leases, run };
}

/** Lets everything happen that needs no more than that. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('a lease', () => {
  it('is told how far the transfer is, and completed in the end', async () => {
    const { calls, wake, leases, run } = stage();
    await run(async ({ report }) => {
      report(41.9);
      report(12);
      wake.shift()?.();
      await settle();
      report(1000);
      wake.shift()?.();
      await settle();
    });
    expect(calls).toEqual([
      ['ExportVm'],
      ['HttpNfcLeaseProgress', 41],
      ['HttpNfcLeaseProgress', 100],
      ['HttpNfcLeaseComplete'],
    ]);
    expect(leases.all.size).toBe(0);
  });

  it('is aborted once when the transfer fails, whose error is told', async () => {
    const { calls, leases, run } = stage();
    await expect(run(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(calls).toEqual([['ExportVm'], ['HttpNfcLeaseAbort']]);
    expect(leases.all.size).toBe(0);
  });

  it('ends the transfer when vSphere has ended it, and tells why', async () => {
    const lost = new GatewayError('VSPHERE_FAULT', 'The lease has timed out.');
    const { wake, run } = stage({ HttpNfcLeaseProgress: lost });
    const transfer = run(
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(new Error('the transfer broke')));
          wake.shift()?.();
        }),
    );
    await expect(transfer).rejects.toBe(lost);
  });

  it('is aborted when it cannot be completed', async () => {
    const { calls, run } = stage({ HttpNfcLeaseComplete: new Error('no') });
    await expect(run(async () => {})).rejects.toThrow('no');
    expect(calls.at(-1)).toEqual(['HttpNfcLeaseAbort']);
  });
});
