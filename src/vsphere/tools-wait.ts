/** Waits until VMware Tools run in a VM, told by property updates. */

import type { Clock } from '../lib/clock.ts';
import { abortError, GatewayError } from '../lib/errors.ts';
import { gone } from './connection.ts';
import type { InventoryObject } from './inventory.ts';
import type { PropertyWatcher } from './property-watcher.ts';
import { TOOLS_PATHS, type ToolsStatus, toTools } from './virtual-machine.ts';

interface WaitOptions {
  readonly timeoutSeconds: number;
  /** Told of each change on the way, and of how things are at first. */
  readonly onChange: (tools: ToolsStatus) => void;
}

export interface ToolsWait {
  readonly ready: boolean;
  /** As they were last. Without any field where nothing was told in time. */
  readonly tools: ToolsStatus;
  readonly waitedSeconds: number;
}

/** That the time is over is an answer. Errors: NOT_FOUND when the VM goes; the signal's; the server's refusal. */
export type WaitForTools = (vm: InventoryObject, options: WaitOptions) => Promise<ToolsWait>;

interface Options {
  readonly watch: PropertyWatcher['watch'];
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Tools that are old work, and some guests never have others. */
const READY = new Set<string | undefined>(['toolsOk', 'toolsOld']);

export function createToolsWait({ watch, clock, signal }: Options): WaitForTools {
  return (vm, { timeoutSeconds, onChange }) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(abortError(signal));
        return;
      }
      const started = clock.monotonic();
      const over = new AbortController();
      let props: Readonly<Record<string, unknown>> = {};
      const end = (how: () => void) => {
        if (over.signal.aborted) return;
        stop();
        over.abort();
        signal.removeEventListener('abort', aborted);
        how();
      };
      const answer = (ready: boolean) => {
        const waitedSeconds = Math.round((clock.monotonic() - started) / 100) / 10;
        resolve({ ready, tools: toTools(props), waitedSeconds });
      };
      const aborted = () => end(() => reject(abortError(signal)));

      const stop = watch(vm.ref, TOOLS_PATHS, {
        changed(changes) {
          props = { ...props, ...changes };
          const tools = toTools(props);
          if (READY.has(tools.status)) end(() => answer(true));
          else onChange(tools);
        },
        gone: () => end(() => reject(gone(vm.ref))),
        failed: (error) => end(() => reject(error)),
        closed: () => end(() => reject(new GatewayError('UNAVAILABLE', 'The gateway is shutting down.'))),
      });
      signal.addEventListener('abort', aborted, { once: true });
      clock.sleep(timeoutSeconds * 1000, over.signal).then(
        () => end(() => answer(false)),
        () => {},
      );
    });
}
