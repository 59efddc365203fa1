import type { Clock } from '../lib/clock.ts';
import type { ManagedServers } from './managed-servers.ts';

const ANSWER_WITHIN_MS = 5_000;
const REMEMBERED_MS = 5_000;

/**
 * Whether the default server answers. Asked at most once in five seconds, whatever the number of probes: a
 * readiness route that anyone may call must not be a way to flood vCenter.
 */
export function reachability(servers: ManagedServers, clock: Clock): () => Promise<boolean> {
  let answer: Promise<boolean> | undefined;
  let askedAt = 0;
  return () => {
    if (answer === undefined || clock.monotonic() - askedAt > REMEMBERED_MS) {
      askedAt = clock.monotonic();
      answer = answers(servers);
    }
    return answer;
  };
}

async function answers(servers: ManagedServers): Promise<boolean> {
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
  try {
    const vsphere = await servers.get(undefined, signal);
    await vsphere.forCall({ operationId: 'readiness', signal }).call('CurrentTime', {
      _this: { type: 'ServiceInstance', value: 'ServiceInstance' },
    });
    return true;
  } catch {
    return false;
  }
}
