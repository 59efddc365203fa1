/**
 * The question and its answer, tied to one browser. The ticket in the form is the request, sealed by the gateway, so
 * that what a person allows is what they were shown; it names the browser that it was shown in by the hash of a
 * cookie. An attacker can have a page of ours shown to themselves, but cannot have somebody else's browser answer
 * it (CVE-2026-27124 and the confused deputy of the MCP security guide).
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { AuthorizationRequest } from './authorization-request.ts';
import type { SetCookie } from './oauth-exchange.ts';
import type { Sealing } from './sealing.ts';

const CONSENT_SECONDS = 600;
const BROWSER_SECONDS = 3_600;

/** What a ticket says once it is opened. */
interface Ticket {
  readonly request: AuthorizationRequest;
  readonly browser: string;
}

export type OpenedTicket =
  | { readonly request: AuthorizationRequest }
  /** Too old, or not of our making. */
  | 'expired'
  /** Shown in another browser, or this one has lost its cookie. */
  | 'elsewhere';

type Cookies = Readonly<Record<string, string | undefined>>;

/** @param secure whether the gateway is reached by https: (a `__Host-` cookie needs it; RFC 6265bis §4.1.3.2) */
export function createConsent(sealing: Sealing, secure: boolean) {
  const name = `${secure ? '__Host-' : ''}mcvsphere-browser`;

  return {
    /** A ticket of its own for every time the page is shown, and the cookie that belongs to it. */
    async ask(request: AuthorizationRequest, cookies: Cookies): Promise<{ ticket: string; cookie: SetCookie }> {
      // Kept where there is one, so that a second tab does not make the first one void.
      const present = cookies[name];
      const value = present !== undefined && isBrowserId(present) ? present : randomBytes(32).toString('base64url');
      const ticket = await sealing.seal('consent', { request, browser: hashOf(value) }, CONSENT_SECONDS);
      return { ticket, cookie: { name, value, maxAgeSeconds: BROWSER_SECONDS, secure } };
    },

    async open(ticket: string, cookies: Cookies): Promise<OpenedTicket> {
      const opened = (await sealing.open('consent', ticket)) as Ticket | undefined;
      if (opened === undefined) return 'expired';
      const value = cookies[name];
      if (value === undefined || !isBrowserId(value) || !isSame(hashOf(value), opened.browser)) return 'elsewhere';
      return { request: opened.request };
    },
  };
}

export type Consent = ReturnType<typeof createConsent>;

function isBrowserId(value: string): boolean {
  return /^[\w-]{43}$/.test(value);
}

export function hashOf(value: string): string {
  return createHash('sha256').update(value).digest('base64url');
}

export function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
