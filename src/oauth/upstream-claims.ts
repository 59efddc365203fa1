/**
 * Where the provider says who a person is, asked in the operator's order and no further than needed: once the
 * groups and a name are there, nothing else is asked. Each source must be about the same person (`sub`).
 */
import type { JWTPayload } from 'jose';
import * as openid from 'openid-client';
import { type ClaimOptions, hasAllClaims } from '../identity/claims.ts';
import type { Logger } from '../lib/logger.ts';
import type { UpstreamClient } from './upstream-client.ts';
import { explanation, statusOf, upstreamError } from './upstream-failure.ts';
import { accessTokenClaims, type ProviderTokenChecks } from './upstream-signatures.ts';

export type ClaimsSource = 'id_token' | 'userinfo' | 'access_token' | 'introspection';
type Claims = Readonly<Record<string, unknown>>;

/** The provider says of a token that it has just given that it does not count (RFC 7662 §2.2). */
export class TokenNotActiveError extends Error {}

interface ClaimsQuestion extends ProviderTokenChecks {
  readonly claims: ClaimOptions;
  readonly claimsSources: readonly ClaimsSource[];
  readonly introspection: boolean;
  readonly logger: Logger;
  readonly upstream: UpstreamClient;
  readonly answer: openid.TokenEndpointResponse;
  /** Verified. */
  readonly idToken: JWTPayload | undefined;
  readonly sub: string;
}

/** First to last; the last holds the `sub` and nothing else. */
export async function gatherClaims(question: ClaimsQuestion): Promise<Claims[]> {
  const { claims, claimsSources, sub } = question;
  // Asked in any case where it is on: its answer can end the login, whatever else is known.
  const introspected = question.introspection ? await introspect(question) : undefined;
  const sources: Claims[] = [];
  for (const source of claimsSources) {
    if (hasAllClaims(sources, claims)) break;
    const found = await read(source, question, introspected);
    if (found !== undefined) sources.push(found);
  }
  return [...sources, { sub }];
}

async function read(
  source: ClaimsSource,
  question: ClaimsQuestion,
  introspected: Claims | undefined,
): Promise<Claims | undefined> {
  switch (source) {
    case 'id_token':
      return question.idToken;
    case 'userinfo':
      return userinfo(question);
    case 'access_token':
      return accessTokenClaims(question.answer.access_token, question.sub, question.upstream.keys, question);
    case 'introspection':
      return introspected;
  }
}

async function userinfo({ upstream, answer, sub, logger }: ClaimsQuestion): Promise<Claims | undefined> {
  if (upstream.metadata.userinfo_endpoint === undefined) return undefined;
  try {
    return await openid.fetchUserInfo(upstream.configuration, answer.access_token, sub);
  } catch (error) {
    const status = statusOf(error);
    if (status === 401) throw upstreamError('provider_error', explanation(error));
    // The token counts, but not for this (RFC 6750 §3.1 insufficient_scope), or there is nothing there to ask.
    if (status !== 403 && status !== 404) throw error;
    logger.warn({ sub, status }, 'the provider gives no userinfo for its own access token');
    return undefined;
  }
}

async function introspect({ upstream, answer, sub }: ClaimsQuestion): Promise<Claims> {
  if (upstream.metadata.introspection_endpoint === undefined) {
    throw upstreamError(
      'provider_error',
      new Error('the provider has no introspection_endpoint (OAUTH_INTROSPECTION)'),
    );
  }
  const claims = await openid.tokenIntrospection(upstream.configuration, answer.access_token, {
    token_type_hint: 'access_token',
  });
  if (claims.active !== true) throw new TokenNotActiveError('the provider says that its token is not active');
  if (claims.sub !== undefined && claims.sub !== sub) {
    throw upstreamError('invalid', new Error('the introspection is about somebody else'));
  }
  return claims;
}
