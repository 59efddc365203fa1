/** Dynamic client registration (RFC 7591 §3). What is asked for and does not exist here is answered with what does. */
import type { Clock } from '../lib/clock.ts';
import type { Clients } from './clients.ts';
import { PATHS } from './metadata.ts';
import { OAuthError } from './oauth-error.ts';
import { errorResponse, jsonResponse, type OAuthRequest, type OAuthResponse } from './oauth-exchange.ts';
import { type Refusals, refusalOf } from './refusals.ts';

interface RegistrationOptions {
  readonly clients: Clients;
  readonly refusals: Pick<Refusals, 'note'>;
  readonly clock: Clock;
}

export function registrationEndpoint({ clients, refusals, clock }: RegistrationOptions) {
  return async (request: OAuthRequest): Promise<OAuthResponse> => {
    try {
      const client = await clients.register(request.json);
      return jsonResponse(201, {
        client_id: client.id,
        client_id_issued_at: Math.floor(clock.now() / 1000),
        client_name: client.name,
        redirect_uris: client.redirectUris,
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: 'none',
      });
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      await refusals.note(refusalOf(PATHS.register, request, error));
      return errorResponse(error);
    }
  };
}
