import { describe, expect, it } from 'vitest';
import type { Call } from './call.ts';
import { deadline } from './deadline.ts';

function callOf(effect: 'read' | 'update', deadlineSeconds: number, caller = new AbortController()) {
  return { call: { tool: { effect, deadlineSeconds }, signal: caller.signal } as unknown as Call, caller };
}

const aborted = (signal: AbortSignal) =>
  new Promise<unknown>((resolve) => signal.addEventListener('abort', () => resolve(signal.reason), { once: true }));

describe('deadline', () => {
  it('ends a call that takes too long', async () => {
    const { call } = callOf('update', 0.02);
    await deadline(call, async () => {
      expect(await aborted(call.until!())).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
      return {};
    });
  });

  it('ends a reading call when its caller goes, also one that has gone already', async () => {
    const { call, caller } = callOf('read', 60);
    await deadline(call, async () => {
      const ended = aborted(call.until!());
      caller.abort();
      expect(await ended).toMatchObject({ code: 'CANCELLED' });
      return {};
    });
    await deadline(call, async () => {
      expect(call.until!().aborted).toBe(true);
      return {};
    });
  });

  it('lets a change go on when its caller goes', async () => {
    const { call, caller } = callOf('update', 60);
    await deadline(call, async () => {
      caller.abort();
      expect(call.until!().aborted).toBe(false);
      return {};
    });
  });

  it('bounds a task in the background too, after the call was answered', async () => {
    const { call } = callOf('update', 0.02);
    await deadline(call, async () => {
      call.background = aborted(call.until!());
      return {};
    });
    expect(await call.background).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  });
});
