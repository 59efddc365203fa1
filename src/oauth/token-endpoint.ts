/**
 * The token endpoint (RFC 6749 §3.2). Clients are public: what a client proves is that it is the one that began the
 * login (PKCE, RFC 7636), or that holds the refresh token.
 */
import { readResource } from './authorization-request.ts';
import { clientLabel, LONGEST_CLIENT_ID } from './clients.ts';
import { PATHS } from './metadata.ts';
import { OAuthError } from './oauth-error.ts';
import {
  errorResponse,
  jsonResponse,
  type OAuthRequest,
  type OAuthResponse,
  refuseRepeated,
  required,
  single,
} from './oauth-exchange.ts';
import { type Refusals, refusalOf } from './refusals.ts';
import type { TokenSet, Tokens } from './tokens.ts';

interface TokenEndpointOptions {
  readonly tokens: Tokens;
  readonly resource: string;
  readonly refusals: Pick<Refusals, 'note'>;
}

export function tokenEndpoint({ tokens, resource, refusals }: TokenEndpointOptions) {
  async function grant(request: OAuthRequest): Promise<TokenSet> {
    const { form } = request;
    refuseRepeated(form);
    refuseClientSecret(request);
    const grantType = required(form, 'grant_type');
    const clientId = clientLabel(required(form, 'client_id', LONGEST_CLIENT_ID));
    const common = { clientId, resource: readResource(form, resource), origin: request };
    switch (grantType) {
      case 'authorization_code':
        return tokens.redeemCode(required(form, 'code', 512), {
          ...common,
          redirectUri: required(form, 'redirect_uri'),
          codeVerifier: codeVerifier(form),
        });
      case 'refresh_token': {
        const scope = single(form, 'scope');
        return tokens.refresh(required(form, 'refresh_token', 512), {
          ...common,
          ...(scope === undefined ? {} : { scope }),
        });
      }
      default:
        throw new OAuthError('unsupported_grant_type', 'The grant types are authorization_code and refresh_token.');
    }
  }

  /** A code or refresh token in wrong hands shows here first. */
  async function note(request: OAuthRequest, refused: OAuthError): Promise<void> {
    const { form } = request;
    const refreshing = form.get('grant_type') === 'refresh_token';
    // That one is on the record already, with the name of the session.
    if (refreshing && refused.reason === 'session_ended') return;
    const clientId = form.get('client_id');
    await refusals.note({
      ...refusalOf(PATHS.token, request, refused),
      event: refreshing ? 'TOKEN_REFRESH' : 'LOGIN',
      ...(clientId ? { client_id: clientLabel(clientId) } : {}),
    });
  }

  return async (request: OAuthRequest): Promise<OAuthResponse> => {
    try {
      return jsonResponse(200, await grant(request));
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      await note(request, error);
      return errorResponse(error);
    }
  };
}

/** RFC 7636 §4.1. A verifier that no client may send is refused without a look at the code. */
function codeVerifier(form: URLSearchParams): string {
  const verifier = required(form, 'code_verifier', 128);
  if (/^[\w.~-]{43,128}$/.test(verifier)) return verifier;
  throw new OAuthError('invalid_grant', 'The code_verifier is none.', { reason: 'code_verifier' });
}

/** No client has a secret here; one that sends a secret takes this server for another. */
export function refuseClientSecret({ form, authorized }: OAuthRequest): void {
  if (!authorized && !form.has('client_secret') && !form.has('client_assertion')) return;
  throw new OAuthError('invalid_client', 'Clients are public here: token_endpoint_auth_method is none.', {
    reason: 'client_authentication',
  });
}
