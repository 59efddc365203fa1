/** The chain that events belong to: those posted while a task runs carry the task's, without being told. */
import { AsyncLocalStorage } from 'node:async_hooks';

const chains = new AsyncLocalStorage<number>();

/** What `run` posts, now or later, is of the chain. */
export function inChain<T>(chainId: number, run: () => T): T {
  return chains.run(chainId, run);
}

export function currentChain(): number | undefined {
  return chains.getStore();
}
