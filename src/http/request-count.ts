/**
 * Counts requests in windows of a minute, each of which begins with its first request. Where replicas share a counter
 * it is asked; while it cannot be reached, each goes on counting for itself.
 */
import { createHash } from 'node:crypto';
import type { RequestCounter } from '../oauth/request-counter.ts';

export const WINDOW_MS = 60_000;
const MOST_KEYS = 20_000;

interface Counted {
  /** In this window, with those just added. */
  readonly count: number;
  readonly endsInMs: number;
}

/** @param by how many requests are added; with 0 it only looks */
export type Count = (key: string, windowMs?: number, by?: number) => Promise<Counted>;

export function createCount(shared: RequestCounter | undefined): Count {
  const own = createOwnCount();
  return async (key, windowMs = WINDOW_MS, by = 1) => {
    // A name that says nothing about anybody, and has one length whatever was sent.
    const hash = createHash('sha256').update(key).digest('base64url');
    return (await shared?.count(hash, windowMs, by).catch(() => undefined)) ?? own(hash, windowMs, by);
  };
}

/** Of this process alone. */
export function createOwnCount(): (key: string, windowMs?: number, by?: number) => Counted {
  const windows = new Map<string, { count: number; readonly endsAt: number }>();

  return (key, windowMs = WINDOW_MS, by = 1) => {
    const now = performance.now();
    const known = windows.get(key);
    const window = known !== undefined && now < known.endsAt ? known : { count: 0, endsAt: now + windowMs };
    if (by > 0) {
      window.count += by;
      windows.delete(key);
      windows.set(key, window);
      if (windows.size > MOST_KEYS) windows.delete(windows.keys().next().value!);
    }
    return { count: window.count, endsInMs: window.endsAt - now };
  };
}
