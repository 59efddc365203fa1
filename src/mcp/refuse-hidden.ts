import type { Stage } from './call.ts';
import { NotOfferedError } from './errors.ts';
import { hiddenBy } from './narrowing.ts';

/** What is not listed where the call came in is not answered there. Asked after the policy, whose refusal says more. */
export const refuseHidden: Stage = async (call, next) => {
  const reason = hiddenBy(call.narrowing, call.tool);
  if (reason !== undefined) throw new NotOfferedError(reason);
  return next();
};
