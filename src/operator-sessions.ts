/** The sessions for the operator's commands: of the running gateway by its socket, or in the Redis that it shares. */
import { type AuditLog, openAuditLog } from './audit/audit-log.ts';
import type { Config } from './config/config.ts';
import type { LoginConfig } from './config/login.ts';
import { systemClock } from './lib/clock.ts';
import { GatewayError } from './lib/errors.ts';
import type { Logger } from './lib/logger.ts';
import { VERSION } from './lib/version.ts';
import { createGrantEnding } from './oauth/grant-ending.ts';
import { findOAuthKeys, keyFile, type OAuthKeys } from './oauth/keys.ts';
import type { Recorder } from './oauth/recorder.ts';
import { openRedisStore } from './oauth/redis-store.ts';
import { runningSessions, sessionSocket } from './oauth/session-control.ts';
import { createSessions, type Sessions } from './oauth/sessions.ts';
import { StoreUnavailableError } from './oauth/store.ts';
import { createStoreCipher } from './oauth/store-cipher.ts';

export interface OpenSessions extends Sessions {
  close(): Promise<void>;
}

/** @throws GatewayError where there is no login, or no way to its sessions */
export async function openSessions(config: Config, logger: Logger): Promise<OpenSessions> {
  const login = config.oauth?.login;
  if (login === undefined) {
    throw new GatewayError('CONFIGURATION', 'This gateway has no login of its own: OAUTH_CLIENT_ID is not set.');
  }
  const { storeUrl: url, stateDir } = login;
  if (url === undefined) return { ...runningSessions(sessionSocket(stateDir)), close: async () => {} };

  const clock = systemClock;
  const keys = await keysOf(login);
  const store = await openRedisStore({ url, cipher: createStoreCipher(keys.store), clock, logger });
  if (!(await store.healthy())) {
    await store.close();
    throw new StoreUnavailableError();
  }
  // A chain beside that of the running gateway: what the operator does is on the record, too.
  let audit: Promise<AuditLog> | undefined;
  const recorder: Recorder = {
    async record(entry) {
      audit ??= openAuditLog({ ...config.audit, version: VERSION, clock, logger });
      await (await audit).append(entry);
    },
  };
  let foreign = 0;
  const onForeign = (count: number) => {
    foreign = count;
  };
  const sessions = createSessions(createGrantEnding({ store, recorder, clock, logger, onForeign }));
  return {
    async *list() {
      yield* sessions.list();
      if (foreign > 0) throw foreignSessions(foreign);
    },
    async revoke(user, requestId) {
      const ended = await sessions.revoke(user, requestId);
      if (foreign > 0) throw foreignSessions(foreign, ended);
      return ended;
    },
    async close() {
      await store.close();
      await (await audit)?.close();
    },
  };
}

/** Those of the gateways, which made them long ago: a key made now would open nothing. */
async function keysOf({ signingKey, stateDir }: LoginConfig): Promise<OAuthKeys> {
  const keys = await findOAuthKeys(signingKey, stateDir);
  if (keys !== undefined) return keys;
  throw new GatewayError(
    'CONFIGURATION',
    `OAUTH_SIGNING_KEY is not set, and there is no ${keyFile(stateDir)}: the sessions in OAUTH_STORE_URL are encrypted ` +
      'with the key of their gateways.',
  );
}

/** Whose they are cannot be told, so nobody may believe that a person is out, or that all are. */
function foreignSessions(count: number, ended?: number): GatewayError {
  const told = ended === undefined ? '' : `${ended} ended. `;
  return new GatewayError(
    'CONFIGURATION',
    `${told}${count} session${count === 1 ? '' : 's'} in OAUTH_STORE_URL cannot be read with this OAUTH_SIGNING_KEY and ` +
      `${count === 1 ? 'goes' : 'go'} on where a gateway has their key: run this with the key of the gateways. (After a ` +
      'change of the key at all of them, such sessions open nothing, and are gone after OAUTH_SESSION_MAX.)',
  );
}
