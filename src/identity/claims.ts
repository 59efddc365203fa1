/**
 * The claims of a verified token, or of several sources about one person → the user's name and groups.
 *
 * Providers disagree about where groups stand and how they are written; the operator says so in the options,
 * and nothing is guessed. Whatever does not fit gives no groups, and with that no access: a claim that is read
 * wrongly must never give more than the provider meant.
 */
import { isPlainName } from './plain-name.ts';

const MOST_GROUPS = 2_000;

export interface ClaimOptions {
  /** Name or JSON Pointer of the user name. Without it: preferred_username, email, sub. */
  readonly username?: string;
  /** Names or JSON Pointers (RFC 6901) of the groups; the first that the token has counts. */
  readonly groups: readonly string[];
  /** Splits a claim that is one text. Without it such a claim is one group. */
  readonly separator?: string;
  /** Taken off the front of the names that begin with it. */
  readonly stripPrefix?: string;
  /** Groups that the operator adds, by user (`sub` or user name) and by group of the token. */
  readonly groupMap?: {
    readonly users: ReadonlyMap<string, readonly string[]>;
    readonly groups: ReadonlyMap<string, readonly string[]>;
  };
}

export type GroupsProblem =
  | 'groups_absent'
  /** Entra ID: too many groups for a token, so it holds none. */
  | 'groups_overage'
  | 'groups_malformed'
  | 'too_many_groups'
  /** Some names were left out: too long, empty, or with characters that cannot be seen. */
  | 'group_names_refused';

export interface ReadClaims {
  /** `undefined` where the claim that must hold it does not. */
  readonly user: string | undefined;
  readonly groups: readonly string[];
  readonly problem?: GroupsProblem;
}

type Claims = Readonly<Record<string, unknown>>;

export function readClaims(claims: Claims, options: ClaimOptions): ReadClaims {
  return readSourcedClaims([claims], options);
}

/**
 * @param sources what is known of one and the same person (`sub`), first to last; the groups are those of the first
 * source that has the claim, also where it is malformed there
 */
export function readSourcedClaims(sources: readonly Claims[], options: ClaimOptions): ReadClaims {
  const user = userOf(sources, options.username);
  const { groups, problem } = groupsOf(sources, options);
  const all = new Set(groups);
  for (const group of groups) for (const added of options.groupMap?.groups.get(group) ?? []) all.add(added);
  for (const key of mapKeys(sources, user)) for (const added of options.groupMap?.users.get(key) ?? []) all.add(added);
  return { user, groups: [...all], ...(problem === undefined ? {} : { problem }) };
}

/** Whether a further source could say nothing that counts: there are groups, and a name of the first choice. */
export function hasAllClaims(sources: readonly Claims[], options: ClaimOptions): boolean {
  const name = options.username ?? 'preferred_username';
  return groupsClaim(sources, options) !== undefined && sources.some((claims) => isPlainName(at(claims, name)));
}

function userOf(sources: readonly Claims[], username: string | undefined): string | undefined {
  const paths = username === undefined ? ['preferred_username', 'email', 'sub'] : [username];
  return paths.flatMap((path) => sources.map((claims) => at(claims, path))).find(isPlainName);
}

/** An address that the provider itself calls unverified is a name to show, and nothing to give groups to. */
function mapKeys(sources: readonly Claims[], user: string | undefined): Set<string> {
  const keys = new Set(sources.flatMap(({ sub }) => (typeof sub === 'string' ? [sub] : [])));
  const unverified = sources.some(({ email, email_verified: verified }) => user === email && verified === false);
  if (user !== undefined && !unverified) keys.add(user);
  return keys;
}

function groupsClaim(sources: readonly Claims[], { groups }: ClaimOptions): unknown {
  return sources.flatMap((claims) => groups.map((path) => at(claims, path))).find((found) => found !== undefined);
}

function groupsOf(sources: readonly Claims[], options: ClaimOptions): { groups: string[]; problem?: GroupsProblem } {
  const value = groupsClaim(sources, options);
  if (value === undefined) return { groups: [], problem: sources.some(isOverage) ? 'groups_overage' : 'groups_absent' };

  const names = namesIn(value, options.separator);
  if (names === undefined) return { groups: [], problem: 'groups_malformed' };
  if (names.length > MOST_GROUPS) return { groups: [], problem: 'too_many_groups' };

  const { stripPrefix = '' } = options;
  const stripped = names.map((name) => (name.startsWith(stripPrefix) ? name.slice(stripPrefix.length) : name));
  const groups = stripped.filter(isPlainName);
  return groups.length === names.length ? { groups } : { groups, problem: 'group_names_refused' };
}

function namesIn(value: unknown, separator: string | undefined): string[] | undefined {
  if (Array.isArray(value)) {
    return value.every((name): name is string => typeof name === 'string') ? value : undefined;
  }
  if (typeof value !== 'string') return undefined;
  if (value === '') return [];
  if (separator === undefined) return [value];
  const parts = value.split(separator).map((part) => part.trim());
  // A separator that is a space stands twice sometimes; that is no group without a name.
  return separator === ' ' ? parts.filter((part) => part !== '') : parts;
}

/** https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference: `_claim_names`, `hasgroups`. */
function isOverage({ hasgroups, _claim_names: names }: Claims): boolean {
  const distributed = typeof names === 'object' && names !== null && Object.hasOwn(names, 'groups');
  return distributed || hasgroups === true || hasgroups === 'true';
}

/** The value at a JSON Pointer, or of the top-level claim of that name. Inherited properties are no claims. */
function at(claims: Claims, path: string): unknown {
  const keys = path.startsWith('/') ? path.slice(1).split('/').map(unescapePointer) : [path];
  let value: unknown = claims;
  for (const key of keys) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Claims)[key];
  }
  return value;
}

function unescapePointer(token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~');
}
