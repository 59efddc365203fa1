import type { Clock } from '../../src/lib/clock.ts';

export interface ManualClock extends Clock {
  advance(ms: number): void;
}

/** A clock that stands still until it is moved. Nothing may sleep by it. */
export function manualClock(start = Date.now()): ManualClock {
  let passed = 0;
  return {
    now: () => start + passed,
    monotonic: () => passed,
    sleep: () => Promise.reject(new Error('nothing may sleep by this clock')),
    advance(ms) {
      passed += ms;
    },
  };
}
