import type { Principal } from '../identity/principal.ts';
import type { Policy } from '../policy/policy.ts';
import { PermissionDeniedError } from './errors.ts';

type Decision = ReturnType<Policy['decide']>;
type Denied = Extract<Decision, { allowed: false }>;

/** What a login with a fault in its groups means for the person, and what their operator can do. */
const GROUP_FAULTS: Readonly<Record<NonNullable<Principal['groupsProblem']>, string>> = {
  groups_absent: 'The login has no claim for groups: your operator may have to map it (OAUTH_GROUPS_CLAIM).',
  groups_overage: 'You are in so many groups that the provider left them out: it must send only those of this gateway.',
  groups_malformed: 'The groups in the login are not a list of names.',
  too_many_groups: 'The login names more groups than this gateway reads.',
  group_names_refused: 'Some groups in the login have names that cannot be read.',
};

/** A denial with all that the person can act on. The record holds the fault in the groups, if that is the reason. */
export function denial(principal: Principal, { message, required, reason }: Denied): PermissionDeniedError {
  const fault = principal.groupsProblem;
  if (fault === undefined) return new PermissionDeniedError(message, required, reason);
  return new PermissionDeniedError(`${message} ${GROUP_FAULTS[fault]}`, required, fault);
}
