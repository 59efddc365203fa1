/**
 * How grants end before their time: revoked by a client or the operator, logged out at the provider, misused. Needs
 * the store and the record, and nothing of the provider, so that a command can do it beside a running gateway.
 */
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { createGrantRecords, type GrantRecords } from './grant-records.ts';
import type { Grant, GrantFilter, Grants } from './grants.ts';
import type { Origin, Recorder } from './recorder.ts';
import type { Store } from './store.ts';

export type GrantEnding = Pick<Grants, 'end' | 'endWhere' | 'list'>;

interface GrantEndingOptions {
  readonly store: Store;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly records?: GrantRecords;
  /** After each look at all grants: how many there are that none of our keys opens. */
  readonly onForeign?: (count: number) => void;
}

interface Removal {
  /** Gone now, and by this removal. */
  readonly ended?: Grant;
  readonly failure?: unknown;
}

export function createGrantEnding(options: GrantEndingOptions): GrantEnding {
  const { store, recorder, clock, logger, records = createGrantRecords(store, clock) } = options;
  const { onForeign = warnOfForeign(logger) } = options;

  /** Never rejects. What is gone counts as ended also where the store fails after that, such as in saving it. */
  async function remove(grant: Grant): Promise<Removal> {
    try {
      return (await records.remove(grant.id)) ? { ended: grant } : {};
    } catch (failure) {
      const isLeft = await records.read(grant.id).then(
        (found) => found !== undefined,
        () => true,
      );
      return isLeft ? { failure } : { ended: grant, failure };
    }
  }

  async function recordEnd(
    { id, user, sub, iss, client }: Grant,
    reason: string,
    { requestId, sourceAddress }: Origin,
  ) {
    await recorder.record({
      event: 'REVOKED',
      user,
      sub,
      iss,
      client_id: client.id,
      sid: id,
      result: 'success',
      reason,
      ...(requestId === undefined ? {} : { request_id: requestId }),
      ...(sourceAddress === undefined ? {} : { src_ip: sourceAddress }),
    });
  }

  async function* list(): AsyncGenerator<Grant> {
    let foreign = 0;
    for await (const id of records.ids()) {
      const found = await records.read(id);
      if (found !== undefined) yield found.grant;
      else if (await records.isForeign(id)) foreign += 1;
    }
    onForeign(foreign);
  }

  /** Tries them all, whichever fails; also those that were found before the list broke off. */
  async function removeWhere(filter: GrantFilter): Promise<{ ended: Grant[]; failures: unknown[] }> {
    const removals: Promise<Removal>[] = [];
    const failures: unknown[] = [];
    try {
      for await (const grant of list()) if (agrees(grant, filter)) removals.push(remove(grant));
    } catch (error) {
      failures.push(error);
    }
    const ended: Grant[] = [];
    for (const removal of await Promise.all(removals)) {
      if (removal.ended !== undefined) ended.push(removal.ended);
      if (removal.failure !== undefined) failures.push(removal.failure);
    }
    return { ended, failures };
  }

  return {
    async end(id, reason, origin = {}) {
      const found = await records.read(id);
      if (found === undefined) {
        // Whoever removed it may have failed to save that.
        await records.remove(id);
        return undefined;
      }
      const { ended, failure } = await remove(found.grant);
      if (ended !== undefined) await recordEnd(ended, reason, origin);
      if (failure !== undefined) throw failure;
      return ended;
    },
    async endWhere(filter, reason, origin = {}) {
      const { ended, failures } = await removeWhere(filter);
      if (failures.length > 0) {
        logger.error({ err: failures[0], ended: ended.length }, 'not all sessions were ended, or not for good');
      }
      // All are out before the first is recorded: a record that fails must not leave the others in.
      const recorded = await Promise.allSettled(ended.map((grant) => recordEnd(grant, reason, origin)));
      const failed = recorded.find(({ status }) => status === 'rejected');
      if (failed?.status === 'rejected') {
        logger.error({ err: failed.reason, ended: ended.length }, 'sessions were ended, and not all are on the record');
        failures.push(failed.reason);
      }
      if (failures.length > 0) throw failures[0];
      return ended.length;
    },
    list,
  };
}

function warnOfForeign(logger: Logger) {
  return (count: number) => {
    if (count > 0)
      logger.warn({ count }, 'some sessions were made with another OAUTH_SIGNING_KEY and open nothing here');
  };
}

function agrees(grant: Grant, { user, iss, sub, upstreamSid, orWithoutSid = false }: GrantFilter): boolean {
  return (
    (user === undefined || grant.user === user) &&
    (iss === undefined || grant.iss === iss) &&
    (sub === undefined || grant.sub === sub) &&
    (upstreamSid === undefined ||
      grant.upstreamSid === upstreamSid ||
      (orWithoutSid && grant.upstreamSid === undefined))
  );
}
