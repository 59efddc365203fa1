/** GuestAuthManager: whether a guest lets somebody in, and tickets in place of passwords. */
import type { MethodTable } from '../core/method.ts';
import { authenticated, guestOf, inGuest } from './access.ts';
import { guestOperationFailed, invalidGuestLogin } from './faults.ts';

export const guestAuthMethods: MethodTable = {
  ValidateCredentialsInGuest: inGuest('ValidateCredentialsInGuest', 'Query', () => {}),
  AcquireCredentialsInGuest: (call) => {
    const { vm, guest } = guestOf(call, call.request.vm, 'Query');
    const { requestedAuth } = call.request;
    const user = authenticated(vm, guest, requestedAuth);
    if (!user) throw invalidGuestLogin();
    const ticket = guest.grantTicket(user);
    if (ticket === undefined) throw guestOperationFailed('there are too many sessions in the guest');
    return {
      $type: 'TicketedSessionAuthentication' as const,
      interactiveSession: requestedAuth.interactiveSession,
      ticket,
    };
  },
  ReleaseCredentialsInGuest: (call) => {
    const { guest } = guestOf(call, call.request.vm, 'Query');
    const { ticket } = call.request.auth as { readonly ticket?: unknown };
    if (!guest.revokeTicket(String(ticket ?? ''))) throw invalidGuestLogin();
  },
};
