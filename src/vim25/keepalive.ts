import type { Clock } from '../lib/clock.ts';

export interface KeepAlive {
  /** Tells that the session was used. */
  used(): void;
  stop(): void;
}

interface Options {
  /** Of idleness after which `ping` is called; vCenter ends a session after 30 minutes of it. */
  readonly idleMs: number;
  readonly clock: Clock;
  /** Uses the session. Never rejects. */
  readonly ping: () => Promise<void>;
}

/** Keeps a session from expiring. Its timer does not keep the process running. */
export function startKeepAlive({ idleMs, clock, ping }: Options): KeepAlive {
  let lastUse = clock.monotonic();
  let timer: NodeJS.Timeout | undefined;

  function schedule(): void {
    const idle = clock.monotonic() - lastUse;
    timer = setTimeout(check, Math.max(idleMs - idle, 1));
    timer.unref();
  }

  async function check(): Promise<void> {
    if (clock.monotonic() - lastUse >= idleMs) {
      lastUse = clock.monotonic();
      await ping();
    }
    if (timer) schedule();
  }

  schedule();
  return {
    used() {
      lastUse = clock.monotonic();
    },
    stop() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
