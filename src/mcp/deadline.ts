import type { Stage } from './call.ts';

/**
 * Bounds the call in time. A reading call also ends when its caller goes away; a change does not: what vSphere
 * has begun is followed to its end, for the record.
 */
export const deadline: Stage = async (call, next) => {
  const passed = AbortSignal.timeout(call.tool.deadlineSeconds * 1000);
  call.deadline = call.tool.effect === 'read' ? AbortSignal.any([call.signal, passed]) : passed;
  return next();
};
