/** What a client reads first (RFC 8414 §2): it names nothing that is not served. */
export interface AuthorizationServerFacts {
  /** An origin without trailing slash: the issuer, letter for letter (RFC 8414 §3.3). */
  readonly issuer: string;
  readonly clientMetadataDocuments: boolean;
}

export const PATHS = {
  authorize: '/authorize',
  callback: '/auth/callback',
  token: '/token',
  register: '/register',
  revoke: '/revoke',
  jwks: '/jwks',
  backChannelLogout: '/auth/backchannel-logout',
  metadata: '/.well-known/oauth-authorization-server',
} as const;

export function authorizationServerMetadata({ issuer, clientMetadataDocuments }: AuthorizationServerFacts) {
  return {
    issuer,
    authorization_endpoint: `${issuer}${PATHS.authorize}`,
    token_endpoint: `${issuer}${PATHS.token}`,
    registration_endpoint: `${issuer}${PATHS.register}`,
    revocation_endpoint: `${issuer}${PATHS.revoke}`,
    jwks_uri: `${issuer}${PATHS.jwks}`,
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_methods_supported: ['none'],
    revocation_endpoint_auth_methods_supported: ['none'],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    client_id_metadata_document_supported: clientMetadataDocuments,
  };
}
