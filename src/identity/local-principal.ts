/**
 * Principals without a token: the person at this machine on stdio, and everybody on HTTP while OAuth is off.
 * Their issuers are URNs, which no provider's issuer can be: it is an https URL.
 */
import { userInfo } from 'node:os';
import { isPlainName } from './plain-name.ts';
import { type Principal, principal } from './principal.ts';

export function stdioPrincipal(groups: readonly string[]): Principal {
  const { name, id } = localUser();
  return principal({ user: name, sub: id, iss: 'urn:mcvsphere:local', groups });
}

export function unauthenticatedPrincipal(groups: readonly string[]): Principal {
  return principal({ user: 'anonymous', sub: 'anonymous', iss: 'urn:mcvsphere:unauthenticated', groups });
}

function localUser(): { name: string; id: string } {
  try {
    const { username, uid } = userInfo();
    return { name: isPlainName(username) ? username : `uid-${uid}`, id: uid < 0 ? username : String(uid) };
  } catch {
    // A container may run under a number that its user table does not know.
    const id = String(process.getuid?.() ?? 'unknown');
    return { name: `uid-${id}`, id };
  }
}
