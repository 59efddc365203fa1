/** The provider's refresh token at rest: sealed, and bound to its grant, so that in another's record it opens nothing. */
import { Secret } from '../lib/secret.ts';
import type { Sealing } from './sealing.ts';

const PURPOSE = 'upstream-refresh';

export function sealUpstreamToken(sealing: Sealing, grantId: string, token: Secret, ttlSeconds: number) {
  return sealing.seal(PURPOSE, { id: grantId, token: token.reveal() }, ttlSeconds);
}

export async function openUpstreamToken(sealing: Sealing, grantId: string, sealed = ''): Promise<Secret | undefined> {
  const { id, token } = Object(await sealing.open(PURPOSE, sealed)) as { id?: unknown; token?: unknown };
  return id === grantId && typeof token === 'string' ? new Secret(token) : undefined;
}
