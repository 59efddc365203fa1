/** Who may do what: for methods that need a privilege on another object than the one they are called on. */
import { fault } from './faults.ts';
import type { AnyObject } from './managed-object.ts';
import type { Session } from './sessions.ts';

export function isAllowed(session: Session, privilege: string, object?: AnyObject): boolean {
  return session.account?.may?.(privilege, object?.ref) ?? true;
}

/** Errors: the fault NoPermission. */
export function demand(session: Session, privilege: string, object: AnyObject): void {
  if (isAllowed(session, privilege, object)) return;
  throw fault(
    'NoPermission',
    { object: object.ref, privilegeId: privilege },
    'Permission to perform this operation was denied.',
  );
}
