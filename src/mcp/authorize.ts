import type { Policy } from '../policy/policy.ts';
import type { Stage } from './call.ts';
import { denial } from './denial.ts';

/** Asks the policy, for every single call and on the call's own name: never on a header, never once per request. */
export function authorize({ policy }: { readonly policy: Policy }): Stage {
  return async (call, next) => {
    const { name, permission } = call.tool;
    const decision = policy.decide(call.principal, { kind: 'tool', name, level: permission });
    if (!decision.allowed) throw denial(call.principal, decision);
    call.decision = decision;
    return next();
  };
}
