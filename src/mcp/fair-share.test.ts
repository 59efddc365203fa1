import { describe, expect, it } from 'vitest';
import { createFairShare } from './fair-share.ts';

const alice = { iss: 'i', sub: 'alice' };
const bob = { iss: 'i', sub: 'bob' };
const never = new AbortController().signal;

function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

describe('createFairShare', () => {
  it('runs so many calls of a person at once, the rest in their order, and nobody waits for another person', async () => {
    const share = createFairShare({ atOnce: 2 });
    const { open, opened } = gate();
    const started: number[] = [];
    const calls = [0, 1, 2, 3].map((i) =>
      share.run(alice, never, async () => {
        started.push(i);
        await opened;
      }),
    );
    await share.run(bob, never, async () => {
      started.push(99);
    });
    expect(started).toEqual([0, 1, 99]);
    open();
    await Promise.all(calls);
    expect(started).toEqual([0, 1, 99, 2, 3]);
  });

  it('refuses what is more than may wait', async () => {
    const share = createFairShare({ atOnce: 1, waiting: 1 });
    const { open, opened } = gate();
    const calls = [share.run(alice, never, () => opened), share.run(alice, never, async () => {})];
    await expect(share.run(alice, never, async () => {})).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    open();
    await Promise.all(calls);
    await expect(share.run(alice, never, async () => 'again')).resolves.toBe('again');
  });

  it('gives the turn of one who has left to the next, and frees it when work fails', async () => {
    const share = createFairShare({ atOnce: 1 });
    const { open, opened } = gate();
    const leaving = new AbortController();
    const first = share.run(alice, never, async () => {
      await opened;
      throw new Error('work failed');
    });
    const left = share.run(alice, leaving.signal, async () => 'never');
    const next = share.run(alice, never, async () => 'next');
    leaving.abort();
    await expect(left).rejects.toMatchObject({ code: 'CANCELLED' });
    open();
    await expect(first).rejects.toThrow('work failed');
    await expect(next).resolves.toBe('next');
  });
});
