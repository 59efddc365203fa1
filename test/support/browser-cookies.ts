/**
 * Cookies as a browser keeps them (RFC 6265bis), where it matters to a login: prefixes, Secure, SameSite, path,
 * domain and age. Ports do not separate cookies, as they do not in browsers.
 */
export interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly domain: string;
  readonly hostOnly: boolean;
  readonly path: string;
  readonly secure: boolean;
  readonly httpOnly: boolean;
  readonly sameSite: 'strict' | 'lax' | 'none';
  /** Milliseconds since the epoch. */
  readonly expires: number;
}

/** Who asks for a page: `undefined` for an address that was typed in. */
export interface Navigation {
  readonly method: string;
  readonly initiator: URL | undefined;
}

export interface BrowserCookies {
  /** The `Cookie` header, or nothing. */
  headerFor(url: URL, navigation: Navigation): string | undefined;
  /** `lines`: the `Set-Cookie` headers of an answer from `url`. Those that a browser refuses are left out. */
  store(url: URL, lines: readonly string[]): void;
  all(): readonly Cookie[];
  get(name: string): Cookie | undefined;
  /** Put in as it is, as an attacker does who owns the jar. */
  put(cookie: Cookie): void;
  clear(): void;
}

const UNSAFE = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);
const LARGEST_COOKIE = 4096;

export function createBrowserCookies(now: () => number = Date.now): BrowserCookies {
  let cookies: Cookie[] = [];

  function put(cookie: Cookie): void {
    cookies = cookies.filter((known) => !isSame(known, cookie));
    if (cookie.expires > now()) cookies.push(cookie);
  }

  function mayStore(cookie: Cookie, url: URL): boolean {
    const trusted = isTrustworthy(url);
    if (cookie.secure && !trusted) return false;
    if (cookie.sameSite === 'none' && explicitNone.has(cookie) && !cookie.secure) return false;
    if (/^__secure-/i.test(cookie.name) && !cookie.secure) return false;
    const hostRules = cookie.secure && cookie.hostOnly && cookie.path === '/' && !givenDomain.has(cookie);
    if (/^__host-/i.test(cookie.name) && !hostRules) return false;
    // Leave Secure Cookies Alone: a page that is not secure does not lay its own over a secure one.
    return (
      trusted || !cookies.some((known) => known.secure && known.name === cookie.name && sends(known, url.hostname))
    );
  }

  return {
    headerFor(url, { method, initiator }) {
      const crossSite = initiator !== undefined && siteOf(initiator) !== siteOf(url);
      cookies = cookies.filter(({ expires }) => expires > now());
      const sent = cookies.filter(
        (cookie) =>
          sends(cookie, url.hostname) &&
          pathMatches(cookie.path, url.pathname) &&
          (!cookie.secure || isTrustworthy(url)) &&
          !(crossSite && (cookie.sameSite === 'strict' || (cookie.sameSite === 'lax' && UNSAFE.has(method)))),
      );
      sent.sort((one, other) => other.path.length - one.path.length);
      return sent.length === 0 ? undefined : sent.map(({ name, value }) => `${name}=${value}`).join('; ');
    },
    store(url, lines) {
      for (const line of lines) {
        const cookie = parseCookie(line, url, now());
        if (cookie !== undefined && mayStore(cookie, url)) put(cookie);
      }
    },
    all: () => [...cookies],
    get: (name) => cookies.find((cookie) => cookie.name === name),
    put,
    clear() {
      cookies = [];
    },
  };
}

/** What the line said, where the cookie itself no longer tells. */
const explicitNone = new WeakSet<Cookie>();
const givenDomain = new WeakSet<Cookie>();

function parseCookie(line: string, url: URL, now: number): Cookie | undefined {
  const [pair = '', ...rest] = line.split(';');
  const cut = pair.indexOf('=');
  const name = pair.slice(0, cut).trim();
  const value = pair.slice(cut + 1).trim();
  if (cut < 1 || name === '' || name.length + value.length > LARGEST_COOKIE) return undefined;
  const attributes = new Map(
    rest.map((text): [string, string] => {
      const [key = '', ...parts] = text.split('=');
      return [key.trim().toLowerCase(), parts.join('=').trim()];
    }),
  );
  const domain = (attributes.get('domain') ?? '').replace(/^\./, '').toLowerCase();
  if (domain !== '' && !isWithin(url.hostname, domain)) return undefined;
  const path = attributes.get('path');
  const sameSite = (attributes.get('samesite') ?? '').toLowerCase();
  const cookie: Cookie = {
    name,
    value,
    domain: domain || url.hostname,
    hostOnly: domain === '',
    path: path?.startsWith('/') ? path : url.pathname.slice(0, Math.max(1, url.pathname.lastIndexOf('/'))),
    secure: attributes.has('secure'),
    httpOnly: attributes.has('httponly'),
    // Without the attribute Firefox and Safari send it everywhere, which is the harder case for a server.
    sameSite: sameSite === 'strict' || sameSite === 'lax' ? sameSite : 'none',
    expires: expiryOf(attributes, now),
  };
  if (sameSite === 'none') explicitNone.add(cookie);
  if (attributes.has('domain')) givenDomain.add(cookie);
  return cookie;
}

function expiryOf(attributes: ReadonlyMap<string, string>, now: number): number {
  const maxAge = attributes.get('max-age');
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return Number(maxAge) <= 0 ? 0 : now + Number(maxAge) * 1000;
  const expires = Date.parse(attributes.get('expires') ?? '');
  return Number.isNaN(expires) ? Number.POSITIVE_INFINITY : expires;
}

/** Browsers treat loopback as secure, whatever its scheme (W3C Secure Contexts §3.1). */
export function isTrustworthy({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

/** Scheme and registrable domain; the last two labels do for the names of tests. */
export function siteOf({ protocol, hostname }: URL): string {
  const isAddress = /^[\d.]+$|^\[/.test(hostname);
  return `${protocol}//${isAddress ? hostname : hostname.split('.').slice(-2).join('.')}`;
}

function isSame(one: Cookie, other: Cookie): boolean {
  return one.name === other.name && one.domain === other.domain && one.path === other.path;
}

function sends({ domain, hostOnly }: Cookie, hostname: string): boolean {
  return hostOnly ? hostname === domain : isWithin(hostname, domain);
}

function isWithin(hostname: string, domain: string): boolean {
  return hostname === domain || (hostname.endsWith(`.${domain}`) && !/^[\d.]+$/.test(hostname));
}

function pathMatches(path: string, pathname: string): boolean {
  return pathname === path || (pathname.startsWith(path) && (path.endsWith('/') || pathname[path.length] === '/'));
}
