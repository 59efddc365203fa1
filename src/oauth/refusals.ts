/**
 * Refusals on the record. Whoever is turned away reads a request id, and the operator must find it; but a stranger who
 * is turned away ten thousand times a minute must not fill the disk that every change in vSphere needs for its record.
 *
 * The rule: a refusal is written at once, under its own request id, as long as there are few of them: of one subject
 * so many a minute, and of all subjects together so many. The rest of the minute is counted, by endpoint, reason and
 * subject, and stands at its end on the record as one entry for each with how many they were; past a number of
 * those, as one entry for all. So nothing is silent, and nothing is without bound.
 *
 * There are two measures. One is for people who are known: a token that the provider or this gateway signed, a
 * session, or a finished login says who it is, and nobody can make that up. The other is for strangers, by network
 * address: what a client says of itself counts for nothing there, since anybody may register one. Strangers cannot
 * use up what is kept for the known.
 *
 * Every refusal is in the log under its request id, whatever becomes of the record. A refusal stays one without it.
 *
 * To allow access is no refusal, but anybody can do it as often as they like before they log in. It has the measure of
 * strangers once more for itself, so that neither hides the other.
 */
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { networkOf } from '../lib/network-address.ts';
import type { OAuthError } from './oauth-error.ts';
import { type OAuthRequest, originOf } from './oauth-exchange.ts';
import type { LoginEntry, Recorder } from './recorder.ts';

export interface Refusal extends Omit<LoginEntry, 'event' | 'result' | 'count' | 'duration_ms'> {
  /** Absent: nothing more is known than that somebody was turned away. */
  readonly event?: 'LOGIN' | 'CONSENT' | 'TOKEN_REFRESH';
  readonly endpoint: string;
  readonly reason: string;
}

/** Somebody allowed access, who has yet to log in. */
export type Consented = Pick<LoginEntry, 'client_id' | 'src_ip' | 'request_id'>;

export interface Refusals {
  /** Never rejects. On the record when it resolves, or counted for a record within the minute. */
  note(refusal: Refusal): Promise<void>;
  /** On the record when it resolves, or counted. Rejects where it cannot be written: then access was not allowed. */
  consent(consent: Consented): Promise<void>;
  /** Writes what was counted. */
  close(): Promise<void>;
}

/** What an endpoint without a page refused. */
export function refusalOf(endpoint: string, request: OAuthRequest, refused: OAuthError): Refusal {
  const { error, description, reason, sid } = refused;
  return {
    endpoint,
    ...originOf(request),
    ...(sid === undefined ? {} : { sid }),
    error: description,
    error_code: error,
    reason,
  };
}

interface Measure {
  /** Records of their own: of one subject, and of all. */
  readonly bySubject: number;
  readonly ofAll: number;
  /** Entries for what was counted. */
  readonly tallies: number;
}

/** What a count is of: what all have in common, and the reason for which there is none of their own. */
interface Kind {
  readonly entry: Pick<LoginEntry, 'event' | 'result'>;
  readonly others: string;
}

const REFUSED: Kind = { entry: { event: 'REFUSED' }, others: 'many_refusals' };
const CONSENTED: Kind = { entry: { event: 'CONSENT', result: 'success' }, others: 'many_consents' };

const WINDOW_MS = 60_000;
const STRANGERS: Measure = { bySubject: 60, ofAll: 300, tallies: 50 };
const KNOWN: Measure = { bySubject: 30, ofAll: 1_000, tallies: 200 };

interface RefusalsOptions {
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function createRefusals({ recorder, clock, logger }: RefusalsOptions): Refusals {
  const pools = {
    strangers: createPool(STRANGERS, REFUSED),
    known: createPool(KNOWN, REFUSED),
    consents: createPool(STRANGERS, CONSENTED),
  };
  const closing = new AbortController();
  let windowEndsAt = clock.monotonic() + WINDOW_MS;
  let writing: Promise<void> = Promise.resolve();
  let waiting = false;

  async function write(entry: LoginEntry): Promise<boolean> {
    return recorder.record(entry).then(
      () => true,
      (err: unknown) => {
        logger.error({ err, request_id: entry.request_id }, 'a refusal is not on the record');
        return false;
      },
    );
  }

  /** What cannot be written is kept for the next time. */
  function writeTallies(): Promise<void> {
    writing = writing.then(async () => {
      let works = true;
      for (const pool of Object.values(pools)) {
        for (const tally of pool.takeTallies()) {
          const duration_ms = Math.round(clock.monotonic() - tally.since);
          works = works && (await write({ ...tally.entry, count: tally.count, duration_ms }));
          if (!works) pool.putBack(tally);
        }
      }
    });
    return writing;
  }

  function turnWindow(): void {
    if (clock.monotonic() < windowEndsAt) return;
    windowEndsAt = clock.monotonic() + WINDOW_MS;
    for (const pool of Object.values(pools)) pool.begin();
    void writeTallies();
  }

  /** One at a time, and only while something waits to be written. */
  function writeLater(): void {
    if (waiting) return;
    waiting = true;
    clock
      .sleep(WINDOW_MS, closing.signal)
      .then(async () => {
        waiting = false;
        await writeTallies();
        if (Object.values(pools).some((pool) => pool.hasTallies())) writeLater();
      })
      // The gateway stops: `close` writes them.
      .catch(() => {
        waiting = false;
      });
  }

  return {
    async note(refusal) {
      const { endpoint, reason, src_ip, request_id, sub, sid } = refusal;
      logger.info({ endpoint, reason, src_ip, request_id }, 'a request was refused');
      turnWindow();
      const known = sub !== undefined || sid !== undefined;
      const pool = known ? pools.known : pools.strangers;
      const subject = known ? (sid ?? `${refusal.iss} ${sub}`) : networkOf(src_ip ?? '');
      if (pool.admits(subject) && (await write({ ...refusal, event: refusal.event ?? 'REFUSED' }))) return;
      pool.tally(subject, refusal, clock.monotonic());
      writeLater();
    },
    async consent(consent) {
      const { client_id: _, ...who } = consent;
      turnWindow();
      const subject = networkOf(consent.src_ip ?? '');
      if (pools.consents.admits(subject)) return recorder.record({ ...CONSENTED.entry, ...consent });
      pools.consents.tally(subject, { ...who, reason: CONSENTED.others }, clock.monotonic());
      writeLater();
    },
    async close() {
      closing.abort();
      await writeTallies();
    },
  };
}

interface Tally {
  readonly key: string;
  /** Without what only one of them said. */
  readonly entry: LoginEntry;
  readonly since: number;
  count: number;
}

function createPool(measure: Measure, { entry: common, others }: Kind) {
  let all = 0;
  const bySubject = new Map<string, number>();
  const tallies = new Map<string, Tally>();

  function add(tally: Tally): void {
    const known = tallies.get(tally.key);
    if (known === undefined) tallies.set(tally.key, tally);
    else known.count += tally.count;
  }

  /** Of those for which there is no entry of their own. */
  function addToOthers({ request_id }: Pick<LoginEntry, 'request_id'>, since: number, count: number): void {
    const first = request_id === undefined ? {} : { request_id };
    add({ key: '', entry: { ...common, reason: others, ...first }, since, count });
  }

  return {
    begin() {
      all = 0;
      bySubject.clear();
    },
    /** Whether there is room for one more record of its own. */
    admits(subject: string): boolean {
      const before = bySubject.get(subject) ?? 0;
      if (all >= measure.ofAll || before >= measure.bySubject) return false;
      all += 1;
      bySubject.set(subject, before + 1);
      return true;
    },
    tally(subject: string, refusal: Omit<LoginEntry, 'event'>, since: number): void {
      const { endpoint, reason, request_id, src_ip, user, sub, iss, sid } = refusal;
      const key = JSON.stringify([endpoint, reason, subject]);
      const first = request_id === undefined ? {} : { request_id };
      if (tallies.has(key) || tallies.size < measure.tallies) {
        const what = {
          ...(endpoint === undefined ? {} : { endpoint }),
          ...(reason === undefined ? {} : { reason }),
        };
        const who = {
          ...(user === undefined ? {} : { user }),
          ...(sub === undefined ? {} : { sub }),
          ...(iss === undefined ? {} : { iss }),
          ...(sid === undefined ? {} : { sid }),
          ...(src_ip === undefined ? {} : { src_ip }),
        };
        add({ key, entry: { ...common, ...what, ...first, ...who }, since, count: 1 });
      } else {
        addToOthers(first, since, 1);
      }
    },
    hasTallies: () => tallies.size > 0,
    takeTallies(): readonly Tally[] {
      const taken = [...tallies.values()];
      tallies.clear();
      return taken;
    },
    /** Those that have come meanwhile are the later ones. Where they have taken the room, this one joins the others. */
    putBack(tally: Tally): void {
      const later = tallies.get(tally.key);
      if (later !== undefined) tally.count += later.count;
      if (later !== undefined || tallies.size < measure.tallies || tally.key === '') {
        tallies.set(tally.key, tally);
      } else {
        addToOthers(tally.entry, tally.since, tally.count);
      }
    },
  };
}
