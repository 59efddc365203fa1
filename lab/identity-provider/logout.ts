/** Ends sessions from the provider's side and tells the clients (OpenID Connect Back-Channel Logout 1.0). */

import type { Behaviour } from './behaviour.ts';
import type { ClockedStorage } from './clocked-storage.ts';
import type { LabClient } from './configuration.ts';
import type { SigningKeys } from './keys.ts';

const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';

export interface LogoutDelivery {
  readonly clientId: string;
  /** `undefined`: no connection. */
  readonly status: number | undefined;
}

export interface LogoutOptions {
  readonly issuer: string;
  readonly storage: ClockedStorage;
  readonly keys: SigningKeys;
  readonly behaviour: Behaviour;
  readonly clients: () => readonly LabClient[];
  /** Seconds since the epoch. */
  readonly now: () => number;
  readonly deliver: (uri: string, body: URLSearchParams) => Promise<number | undefined>;
}

/** The claims of a logout token; `sid` where one session ends, without it all sessions of `sub`. */
export function logoutClaims(
  { issuer, now }: Pick<LogoutOptions, 'issuer' | 'now'>,
  { clientId, sub, sid }: { clientId: string; sub?: string; sid?: string },
): Record<string, unknown> {
  const iat = now();
  const about = { ...(sub === undefined ? {} : { sub }), ...(sid === undefined ? {} : { sid }) };
  const events = { [LOGOUT_EVENT]: {} };
  return { iss: issuer, aud: clientId, iat, exp: iat + 120, jti: crypto.randomUUID(), events, ...about };
}

/** Every session of `sub` ends, with its tokens; each client that had a part in it hears of it. */
export async function endSessions(options: LogoutOptions, sub: string): Promise<LogoutDelivery[]> {
  const { storage, keys, behaviour, clients } = options;
  const told: Promise<LogoutDelivery>[] = [];
  for (const session of storage.stored('Session')) {
    if (session.accountId !== sub || session.jti === undefined) continue;
    storage.destroy('Session', session.jti);
    for (const [clientId, { sid, grantId }] of Object.entries(session.authorizations ?? {})) {
      if (grantId !== undefined) storage.revokeGrant(grantId);
      const uri = clients().find((client) => client.client_id === clientId)?.backchannel_logout_uri;
      if (uri === undefined) continue;
      const claims = logoutClaims(options, { clientId, sub, ...(sid === undefined ? {} : { sid }) });
      const token = keys.sign(claims, { alg: behaviour.signingAlg, header: { typ: 'logout+jwt' } });
      told.push(
        token
          .then((logout_token) => options.deliver(uri, new URLSearchParams({ logout_token })))
          .then((status) => ({ clientId, status })),
      );
    }
  }
  return Promise.all(told);
}
