/**
 * Where an authorization code may be sent (RFC 6749 §3.1.2, RFC 8252 §7, RFC 9700 §4.1). A code that goes to the
 * wrong place is a stolen session, so an address is compared as text, letter for letter. The one exception is the
 * port of a loopback address, which a program on the person's computer only knows once it listens.
 */
const LONGEST = 512;

/** The host as it is spelled: `http://2130706433/` is the same computer, and is refused all the same. */
const LOOPBACK = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(?::(\d{1,5}))?(?=[/?]|$)/;
const HTTPS = /^https:\/\/([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:\d{1,5})?(?=[/?]|$)/;

/**
 * Schemes that belong to one program. A name with a dot is the reverse of a domain (RFC 8252 §7.1). Any other scheme
 * may open whatever the operating system has registered for it, with a text that the client chose: only editors that
 * are known to log in this way have one here, and without a query: that is how their links say what to do, such as
 * to install a server.
 */
const REVERSE_DOMAIN = /^[a-z][a-z0-9-]*(\.[a-z0-9-]+)+:\/[^\s]*$/;
const EDITORS =
  /^(cursor|vscode|vscode-insiders|vscodium|windsurf|zed|kiro|trae|warp|goose|raycast):\/\/[a-z0-9][^?#]*$/;

/** What the gateway adds to the address; one that has them already would be read in two ways. */
const RESERVED = ['code', 'state', 'iss', 'error', 'error_description', 'error_uri'];

/** A host is with its port, where it has one of its own. */
export type RedirectTarget =
  | { readonly kind: 'loopback'; readonly host: string }
  | { readonly kind: 'web'; readonly host: string }
  | { readonly kind: 'app'; readonly scheme: string };

/** @returns where it leads, or `undefined` for an address that no code is sent to */
export function redirectTarget(uri: string): RedirectTarget | undefined {
  if (uri.length > LONGEST || !/^[\x21-\x7e]+$/.test(uri) || /[\\#<>"^`{|}]/.test(uri)) return undefined;
  if (!URL.canParse(uri)) return undefined;
  const url = new URL(uri);
  if (url.username !== '' || url.password !== '' || RESERVED.some((name) => url.searchParams.has(name))) {
    return undefined;
  }
  if (LOOPBACK.test(uri)) return { kind: 'loopback', host: url.host };
  if (HTTPS.test(uri)) return { kind: 'web', host: url.host };
  const scheme = url.protocol.slice(0, -1);
  return REVERSE_DOMAIN.test(uri) || EDITORS.test(uri) ? { kind: 'app', scheme } : undefined;
}

/** Whether `asked` is one of the client's addresses (RFC 8252 §7.3 for the port). */
export function matchesRedirectUri(registered: readonly string[], asked: string): boolean {
  if (redirectTarget(asked) === undefined) return false;
  const bare = withoutLoopbackPort(asked);
  return registered.some((uri) => uri === asked || (bare !== undefined && withoutLoopbackPort(uri) === bare));
}

function withoutLoopbackPort(uri: string): string | undefined {
  const match = LOOPBACK.exec(uri);
  return match === null ? undefined : `http://${match[1]}${uri.slice(match[0].length)}`;
}

/** Adds to the query, and leaves what is there as it was spelled (RFC 6749 §3.1.2). */
export function withParameters(uri: string, parameters: Readonly<Record<string, string | undefined>>): string {
  const added = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) added.append(name, value);
  return `${uri}${uri.includes('?') ? (/[?&]$/.test(uri) ? '' : '&') : '?'}${added}`;
}
