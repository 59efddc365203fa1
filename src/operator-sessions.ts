/** The sessions for the operator's commands: of the running gateway by its socket, or in the Redis that it shares. */
import { type AuditLog, openAuditLog } from './audit/audit-log.ts';
import type { Config } from './config/config.ts';
import { systemClock } from './lib/clock.ts';
import { GatewayError } from './lib/errors.ts';
import type { Logger } from './lib/logger.ts';
import { VERSION } from './lib/version.ts';
import { createGrantEnding } from './oauth/grant-ending.ts';
import { loadOAuthKeys } from './oauth/keys.ts';
import { openStore } from './oauth/open-store.ts';
import type { Recorder } from './oauth/recorder.ts';
import { runningSessions, sessionSocket } from './oauth/session-control.ts';
import { createSessions, type Sessions } from './oauth/sessions.ts';
import { StoreUnavailableError } from './oauth/store.ts';

export interface OpenSessions extends Sessions {
  close(): Promise<void>;
}

/** @throws GatewayError where there is no login, or no way to its sessions */
export async function openSessions(config: Config, logger: Logger): Promise<OpenSessions> {
  const login = config.oauth?.login;
  if (login === undefined) {
    throw new GatewayError('CONFIGURATION', 'This gateway has no login of its own: OAUTH_CLIENT_ID is not set.');
  }
  const { storeUrl: url, stateDir, signingKey } = login;
  if (url === undefined) return { ...runningSessions(sessionSocket(stateDir)), close: async () => {} };

  const clock = systemClock;
  const keys = await loadOAuthKeys(signingKey, stateDir);
  const store = await openStore({ url, stateDir, keys, clock, logger });
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
  return {
    ...createSessions(createGrantEnding({ store, recorder, clock, logger })),
    async close() {
      await store.close();
      await (await audit)?.close();
    },
  };
}
