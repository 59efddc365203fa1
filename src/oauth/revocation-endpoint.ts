/**
 * Token revocation (RFC 7009). Says the same about a token that was revoked and about one that never was (§2.2):
 * the answer is no oracle.
 */
import { clientLabel, LONGEST_CLIENT_ID } from './clients.ts';
import { PATHS } from './metadata.ts';
import { OAuthError } from './oauth-error.ts';
import {
  errorResponse,
  NO_STORE,
  type OAuthRequest,
  type OAuthResponse,
  refuseRepeated,
  required,
} from './oauth-exchange.ts';
import { type Refusals, refusalOf } from './refusals.ts';
import { refuseClientSecret } from './token-endpoint.ts';
import type { Tokens } from './tokens.ts';

const LONGEST_TOKEN = 16_384;

interface RevocationOptions {
  readonly tokens: Tokens;
  readonly refusals: Pick<Refusals, 'note'>;
}

export function revocationEndpoint({ tokens, refusals }: RevocationOptions) {
  return async (request: OAuthRequest): Promise<OAuthResponse> => {
    const { form } = request;
    try {
      refuseRepeated(form);
      refuseClientSecret(request);
      await tokens.revoke(
        required(form, 'token', LONGEST_TOKEN),
        clientLabel(required(form, 'client_id', LONGEST_CLIENT_ID)),
        request,
      );
      return { status: 200, headers: NO_STORE };
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      await refusals.note(refusalOf(PATHS.revoke, request, error));
      return errorResponse(error);
    }
  };
}
