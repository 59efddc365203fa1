/** Faults on demand: what tests have the server do wrong. */
import type { VimFault } from './faults.ts';

export type Drop = 'before' | 'after';

export interface Interference {
  /** The connection of the next call (of that method, where one is given) ends before or after it is carried out. */
  dropNext(when: Drop, method?: string): void;
  /** The next call (of that method, where one is given) is answered by this fault and not carried out. */
  failNext(error: VimFault, method?: string): void;
  /** Every call (of that method, where one is given) takes this long; 0 ends it. */
  delay(ms: number, method?: string): void;
  /** What is to happen to a call; counts as done. */
  take(method: string): { readonly drop?: Drop; readonly error?: VimFault; readonly delayMs: number };
  reset(): void;
}

interface Planned {
  readonly method: string | undefined;
  readonly drop?: Drop;
  readonly error?: VimFault;
}

export function createInterference(): Interference {
  let planned: Planned[] = [];
  const delays = new Map<string | undefined, number>();
  return {
    dropNext(drop, method) {
      planned.push({ drop, method });
    },
    failNext(error, method) {
      planned.push({ error, method });
    },
    delay(ms, method) {
      if (ms > 0) delays.set(method, ms);
      else delays.delete(method);
    },
    take(method) {
      const delayMs = delays.get(method) ?? delays.get(undefined) ?? 0;
      const index = planned.findIndex((each) => each.method === undefined || each.method === method);
      if (index === -1) return { delayMs };
      const [{ drop, error }] = planned.splice(index, 1) as [Planned];
      return { delayMs, ...(drop && { drop }), ...(error && { error }) };
    },
    reset() {
      planned = [];
      delays.clear();
    },
  };
}
