import type { GroupsProblem } from './claims.ts';

/** Who is calling. A person is `iss` and `sub` together; `user` is the name to show and to record. */
export interface Principal {
  readonly user: string;
  readonly sub: string;
  readonly iss: string;
  readonly groups: readonly string[];
  readonly clientId?: string;
  /** The login session at the provider. */
  readonly sid?: string;
  /** Seconds since the epoch. */
  readonly expiresAt?: number;
  /** Why there are no groups, or fewer than the token names. */
  readonly groupsProblem?: GroupsProblem;
}

/** A principal that nobody can change afterwards. */
export function principal(of: Principal): Principal {
  return Object.freeze({ ...of, groups: Object.freeze([...of.groups]) });
}
