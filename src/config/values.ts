/**
 * The text of an environment variable → a value. A message says what is expected and never repeats what was
 * given: it may be a password in the wrong variable, or in a URL.
 */
import { isIP } from 'node:net';
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { parseDownloadRule } from '../lib/download-rules.ts';

class ValueProblem extends Error {}

function refuse(message: string): never {
  throw new ValueProblem(message);
}

/** A zod schema of a text, from a function that gives the value or refuses with a sentence. */
function parsed<T>(parse: (text: string) => T) {
  return z.string().transform((text, context): T => {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof ValueProblem)) throw error;
      context.addIssue({ code: 'custom', message: error.message, input: undefined });
      return z.NEVER;
    }
  });
}

const TRUE = new Set(['true', '1', 'yes', 'on']);
const FALSE = new Set(['false', '0', 'no', 'off']);

/** As generous as the Python server's settings: `TRUE`, `1`, `yes`, `on` and their opposites. */
export function boolean() {
  return parsed((text) => {
    const word = text.toLowerCase();
    if (TRUE.has(word)) return true;
    if (FALSE.has(word)) return false;
    return refuse('must be true or false');
  });
}

export function integer(least: number, most: number) {
  return parsed((text) => {
    const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    return number >= least && number <= most ? number : refuse(`must be a whole number from ${least} to ${most}`);
  });
}

export function oneOf<const T extends string>(words: readonly T[]) {
  return parsed((text): T => {
    const word = text.toLowerCase();
    return words.find((known) => known.toLowerCase() === word) ?? refuse(`must be one of ${words.join(', ')}`);
  });
}

/** Visible text of at most `longest` characters. */
export function text(longest = 1024) {
  return parsed((value) => visible(value, longest));
}

/** Parts between commas, each checked, none twice. */
export function list<T>(parse: (part: string) => T) {
  return parsed((value) => {
    const parts = value.split(',').map((part) => part.trim());
    if (parts.includes('')) refuse('must be a list with commas between its parts, none of them empty');
    return Object.freeze([...new Set(parts)].map(parse));
  });
}

/** Parts between blanks, each checked, none twice. */
export function separated<T>(parse: (part: string) => T) {
  return parsed((value) => Object.freeze([...new Set(value.trim().split(/ +/))].map(parse)));
}

export function groupName(part: string): string {
  return visible(part, 256);
}

/** Which of them there are is not known here. */
export function toolset(part: string): string {
  return visible(part, 64).toLowerCase();
}

/** A secret may hold any character; an unprintable one is most often an accident, but it is not for us to say. */
export function secretText(least: number) {
  return parsed((value) => (value.length < least ? refuse(`must have at least ${least} characters`) : value));
}

export function absolutePath() {
  return parsed((value) => (isAbsolute(visible(value, 4096)) ? value : refuse('must be an absolute path')));
}

/** An address to listen on: an IP address or a host name, without port. */
export function listenAddress() {
  return parsed((value) => {
    const bare = value.replace(/^\[(.*)\]$/, '$1');
    if (isIP(bare) !== 0 || HOST_NAME.test(bare)) return bare;
    return refuse('must be an IP address or a host name, without a port');
  });
}

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_-]{1,63})*\.?$/i;

export function hostName(part: string): string {
  const bare = part.replace(/^\[(.*)\]$/, '$1');
  if (isIP(bare) === 6) return `[${bare}]`.toLowerCase();
  return HOST_NAME.test(part) ? part.toLowerCase() : refuse('must hold host names without scheme and port');
}

/** Where packages may be fetched from: the beginning of an https URL, or a network. */
export function downloadRule(part: string): string {
  return parseDownloadRule(part) === undefined
    ? refuse('must hold https:// origins (with a path or without) and networks such as 10.20.0.0/16')
    : part;
}

export function origin(part: string): string {
  const url = URL.canParse(part) ? new URL(part) : undefined;
  if (url === undefined || url.origin !== part || !/^https?:$/.test(url.protocol)) {
    refuse(
      'must hold origins as a browser sends them, such as https://app.example.com (no path, no trailing slash, no *)',
    );
  }
  return part;
}

const PROXY_RANGES = new Set(['loopback', 'linklocal', 'uniquelocal']);

/** A proxy by address or network. A network of everybody would let any caller choose the address on the record. */
export function proxy(part: string): string {
  if (PROXY_RANGES.has(part)) return part;
  const [address = '', bits, ...rest] = part.split('/');
  const family = isIP(address);
  const most = family === 4 ? 32 : 128;
  const valid =
    family !== 0 && rest.length === 0 && (bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= most));
  return valid
    ? part
    : refuse('must hold IP addresses, networks such as 10.0.0.0/8, or loopback, linklocal, uniquelocal');
}

/** The URL of an OpenID provider, kept letter for letter: an issuer is compared as text (RFC 8414 §3.3). */
export function issuer() {
  return parsed((value) => {
    const url = webUrl(value);
    if (url.search !== '' || url.hash !== '') refuse('must be a URL without query and fragment');
    return value;
  });
}

export const CLAIMS_SOURCES = ['id_token', 'userinfo', 'access_token', 'introspection'] as const;
export type ClaimsSource = (typeof CLAIMS_SOURCES)[number];

export function claimsSource(part: string): ClaimsSource {
  return CLAIMS_SOURCES.find((known) => known === part) ?? refuse(`must hold ${CLAIMS_SOURCES.join(', ')} only`);
}

/** RFC 6749 §3.3. */
export function scope(part: string): string {
  return /^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/.test(part) ? part : refuse('must hold scopes with blanks between them');
}

/** What makes the login safe is the gateway's to say, and no option changes it. */
const OWN_PARAMETERS = new Set([
  'client_id',
  'client_secret',
  'code_challenge',
  'code_challenge_method',
  'nonce',
  'redirect_uri',
  'request',
  'request_uri',
  'response_mode',
  'response_type',
  'scope',
  'state',
]);

/** `name=value&name=value`, form-encoded as in the query of a URL. */
export function authorizationParameters() {
  return parsed((value) => {
    const pairs = [...new URLSearchParams(visible(value, 2048))];
    const seen = new Set(OWN_PARAMETERS);
    for (const [name, content] of pairs) {
      visible(content, 2048);
      if (!/^[\w.:-]{1,128}$/.test(name)) refuse('must be written like the query of a URL: name=value&name=value');
      if (seen.has(name)) refuse('must name no parameter twice, and none that the gateway sets itself');
      seen.add(name);
    }
    return Object.freeze(pairs.map((pair) => Object.freeze(pair)));
  });
}

/** Of Redis or Valkey. May hold a user name and a password. */
export function storeUrl() {
  return parsed((value) => {
    const url = URL.canParse(visible(value, 2048).trim()) ? new URL(value.trim()) : undefined;
    const usable = url !== undefined && /^rediss?:$/.test(url.protocol) && url.hostname !== '';
    return usable && /^\/?\d{0,5}$/.test(url.pathname) && url.hash === ''
      ? url.href
      : refuse('must be a redis:// or rediss:// URL of a host, with the number of a database as path or none');
  });
}

/** `on`, `off`, or the absolute path of a file that says which. */
export function switchOrPath() {
  return parsed((value): 'on' | 'off' | { readonly path: string } => {
    const word = value.toLowerCase();
    if (TRUE.has(word)) return 'on';
    if (FALSE.has(word)) return 'off';
    return isAbsolute(visible(value, 4096)) ? { path: value } : refuse('must be on, off or an absolute path');
  });
}

/** The gateway's own address as people's clients see it, without a trailing slash. */
export function publicOrigin() {
  return parsed((value) => {
    const url = webUrl(value);
    if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
      refuse('must be an origin such as https://mcp.example.com, without a path: the endpoint is always /mcp below it');
    }
    return url.origin;
  });
}

function webUrl(value: string): URL {
  const url = URL.canParse(visible(value, 2048)) ? new URL(value) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) return refuse('must be an https:// URL');
  if (url.username !== '' || url.password !== '') refuse('must not hold a user name or password');
  return url;
}

/** `host`, `host:port` or a URL of a vSphere server → the URL of its SOAP endpoint and the name people call it by. */
export function serverAddress() {
  return parsed((value) => {
    const expected = 'must be a host, host:port or https:// URL';
    const spelled = isIP(value) === 6 ? `https://[${value}]` : value.includes('://') ? value : `https://${value}`;
    const url = URL.canParse(visible(spelled, 2048)) ? new URL(spelled) : refuse(expected);
    if (url.username !== '' || url.password !== '') refuse('must not hold a user name or password');
    if (!/^(\/|\/sdk\/?)$/.test(url.pathname) || url.search !== '' || url.hash !== '')
      refuse(`${expected}, without a path`);
    if (url.protocol === 'http:') {
      if (!isLoopbackHost(url.hostname)) refuse('must use https: plain http is for simulators on this machine');
    } else if (url.protocol !== 'https:') {
      refuse(expected);
    }
    return { name: url.host, url: `${url.origin}/sdk` };
  });
}

/** SHA-1 or SHA-256 of the certificate, with or without colons → lower-case hexadecimal digits without colons. */
export function thumbprint() {
  return parsed((value) => {
    const digits = value
      .replace(/^sha-?(1|256)[:=]/i, '')
      .replaceAll(':', '')
      .toLowerCase();
    return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(digits)
      ? digits
      : refuse('must be a SHA-256 (64 hexadecimal digits) or SHA-1 (40) fingerprint, with or without colons');
  });
}

/** Where a claim stands: a JSON Pointer (RFC 6901), or the plain name of a top-level claim. */
export function claimPath(part: string): string {
  visible(part, 256);
  if (part.startsWith('/') && /~(?![01])/.test(part))
    refuse('must hold claim names or JSON Pointers (~ is written ~0, / is ~1)');
  return part;
}

/** Keys that only the provider holds. `none` and HMAC, whose key every verifier holds, have no name here. */
const ASYMMETRIC_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

export function algorithm(part: string): string {
  return (ASYMMETRIC_ALGORITHMS as readonly string[]).includes(part)
    ? part
    : refuse(`must hold asymmetric algorithms only: ${ASYMMETRIC_ALGORITHMS.join(', ')}`);
}

export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

function visible(value: string, longest: number): string {
  if (value.length > longest) refuse(`must have at most ${longest} characters`);
  if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(value)) refuse('must not hold control or invisible characters');
  return value;
}
