/** The sessions as an operator sees and ends them: by `user`, which is the name in the audit record. */
import type { GrantEnding } from './grant-ending.ts';
import type { Grant } from './grants.ts';

export interface SessionSummary {
  readonly id: string;
  readonly user: string;
  readonly sub: string;
  readonly iss: string;
  readonly client: string;
  readonly groups: readonly string[];
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly endsAt: number;
}

export interface Sessions {
  list(): AsyncIterable<SessionSummary>;
  /**
   * @param user as shown by `list`, or their `sub`; without it everybody
   * @returns how many sessions were ended
   */
  revoke(user?: string, requestId?: string): Promise<number>;
}

export function createSessions(grants: Pick<GrantEnding, 'endWhere' | 'list'>): Sessions {
  return {
    async *list() {
      for await (const grant of grants.list()) yield summary(grant);
    },
    async revoke(user, requestId) {
      const origin = requestId === undefined ? {} : { requestId };
      if (user === undefined) return grants.endWhere({}, 'operator', origin);
      const byName = await grants.endWhere({ user }, 'operator', origin);
      return byName + (await grants.endWhere({ sub: user }, 'operator', origin));
    },
  };
}

function summary({ id, user, sub, iss, client, groups, createdAt, endsAt }: Grant): SessionSummary {
  return { id, user, sub, iss, client: client.name, groups, createdAt, endsAt };
}
