/**
 * Service tickets: who holds one may make one request without a session's cookie
 * (SessionManager.AcquireGenericServiceTicket, cookie `vmware_cgi_ticket`).
 */
import { randomUUID } from 'node:crypto';
import type { SessionManagerHttpServiceRequestSpec } from '../../../src/vim25/generated/types.ts';
import { invalidArgument } from '../core/faults.ts';
import type { MethodTable } from '../core/method.ts';
import type { Session } from '../core/sessions.ts';
import type { World } from '../core/world.ts';

export const TICKET_COOKIE = 'vmware_cgi_ticket';
const LIFETIME_MS = 2 * 60_000;
const MAX_TICKETS = 10_000;

interface Ticket {
  readonly session: Session;
  readonly method: string;
  readonly url: string;
  readonly until: number;
}

const tickets = new WeakMap<World, Map<string, Ticket>>();

export const ticketMethods: MethodTable = {
  AcquireGenericServiceTicket: ({ world, session, request: { spec } }) => {
    const { url, method = 'httpGet' } = spec as SessionManagerHttpServiceRequestSpec;
    const target = typeof url === 'string' ? pathOf(url) : undefined;
    if (target === undefined) throw invalidArgument('spec.url');
    const id = `cst-VCT-${randomUUID()}`;
    const own = tickets.get(world) ?? new Map<string, Ticket>();
    tickets.set(world, own);
    own.set(id, {
      session,
      method: method.replace(/^http/, '').toUpperCase(),
      url: target,
      until: world.clock.now() + LIFETIME_MS,
    });
    if (own.size > MAX_TICKETS) own.delete(own.keys().next().value!);
    return { id, ticketType: 'HttpServiceTicket' };
  },
};

/** Whose ticket it is, where it is for this request; it is used up by it. */
export function redeemTicket(
  world: World,
  id: string | undefined,
  { method, url }: { readonly method: string; readonly url: URL },
): Session | undefined {
  const ticket = tickets.get(world)?.get(id ?? '');
  if (!ticket) return undefined;
  tickets.get(world)!.delete(id!);
  if (ticket.until < world.clock.now() || ticket.method !== method || ticket.url !== pathOf(url.href)) return undefined;
  return ticket.session.account ? ticket.session : undefined;
}

/** Hosts go by several names: what of the URL is left is compared, percent-encoding evened out. */
function pathOf(text: string): string | undefined {
  if (!URL.canParse(text, 'http://lab')) return undefined;
  const { pathname, searchParams } = new URL(text, 'http://lab');
  searchParams.sort();
  try {
    return `${decodeURIComponent(pathname)}?${searchParams}`;
  } catch {
    return undefined;
  }
}
