/**
 * Whether the provider knows this gateway, as far as it can be told without a person who logs in. Both checks ask what a
 * login asks, with something in it that cannot succeed, and go by what the provider minds.
 */
import { randomBytes } from 'node:crypto';
import * as openid from 'openid-client';
import { GatewayError } from '../lib/errors.ts';
import { plainText } from '../lib/plain-text.ts';
import type { UpstreamClient } from './upstream-client.ts';
import { asUpstreamError } from './upstream-failure.ts';

const TIMEOUT_MS = 10_000;
const LONGEST_REASON = 200;
/** OpenID Connect Core §3.1.2.6: what `prompt=none` is answered with where nobody is logged in. */
const NOBODY_THERE = new Set([
  'login_required',
  'interaction_required',
  'consent_required',
  'account_selection_required',
]);

export type ClientFinding = 'accepted' | { readonly unclear: string };

/**
 * Redeems a code that was never issued: `invalid_grant` minds the code, `invalid_client` the client (RFC 6749 §5.2).
 *
 * @throws GatewayError where the provider refuses the client, or does not answer
 */
export async function checkClientSecret(
  { configuration }: UpstreamClient,
  redirectUri: string,
): Promise<ClientFinding> {
  const made = () => randomBytes(32).toString('base64url');
  try {
    const parameters = { code: made(), redirect_uri: redirectUri, code_verifier: made() };
    await openid.genericGrantRequest(configuration, 'authorization_code', parameters);
  } catch (error) {
    const { reason, cause } = asUpstreamError(error);
    const said = cause instanceof Error ? cause.message : reason;
    if (reason === 'code_refused') return 'accepted';
    if (reason === 'client_refused') {
      throw new GatewayError(
        'CONFIGURATION',
        `the provider refuses this gateway (${said}): are OAUTH_CLIENT_ID, OAUTH_CLIENT_SECRET and ` +
          'OAUTH_TOKEN_AUTH_METHOD those of its registration there?',
      );
    }
    if (reason === 'unavailable') {
      throw new GatewayError('UNAVAILABLE', `the token endpoint of the provider does not answer (${said}).`);
    }
    return { unclear: said };
  }
  return { unclear: 'the provider took a code that it never issued' };
}

/**
 * Begins a login that may show no page: the provider leads back to a registered redirect URI with `login_required`, and
 * to no other (RFC 6749 §4.1.2.1).
 *
 * @param url what a login begins with
 * @throws GatewayError where the provider refuses the request, or does not answer
 */
export async function checkRedirectUri(
  url: string,
  redirectUri: string,
  fetch: typeof globalThis.fetch = globalThis.fetch,
): Promise<ClientFinding> {
  const request = new URL(url);
  request.searchParams.set('prompt', 'none');
  const answer = await fetch(request, { redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(
    (cause: unknown) => {
      throw new GatewayError('UNAVAILABLE', 'the authorization endpoint of the provider does not answer.', { cause });
    },
  );
  await answer.body?.cancel();
  const location = answer.headers.get('location');
  const next = location !== null && URL.canParse(location, request.href) ? new URL(location, request.href) : undefined;
  if (next !== undefined && next.origin + next.pathname === redirectUri) {
    const error = next.searchParams.get('error') ?? '';
    if (error === '' || NOBODY_THERE.has(error)) return 'accepted';
    const said = plainText([error, next.searchParams.get('error_description') ?? ''].join(': '), LONGEST_REASON);
    throw new GatewayError(
      'CONFIGURATION',
      `the provider refuses what a login asks for (${said}): see OAUTH_SCOPES, OAUTH_EXTRA_AUTH_PARAMS and the ` +
        'registration of OAUTH_CLIENT_ID there.',
    );
  }
  if (answer.status >= 500) {
    throw new GatewayError('UNAVAILABLE', `the authorization endpoint of the provider answers ${answer.status}.`);
  }
  if (answer.status >= 400) {
    throw new GatewayError(
      'CONFIGURATION',
      `the provider answers ${answer.status} rather than lead back to ${redirectUri}: register exactly that as a ` +
        'redirect URI of OAUTH_CLIENT_ID there.',
    );
  }
  return { unclear: `it answers ${answer.status} and shows a page of its own` };
}
