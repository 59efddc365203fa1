/**
 * What a client says of itself, in a registration (RFC 7591 §2) or in a published document: read into the little
 * that the gateway keeps. Everything here was written by a stranger.
 */
import { isPlainName } from '../identity/plain-name.ts';
import { plainText } from '../lib/plain-text.ts';
import { OAuthError } from './oauth-error.ts';
import { redirectTarget } from './redirect-uri.ts';

const MOST_REDIRECT_URIS = 10;
const LONGEST_NAME = 80;

export interface ClientMetadata {
  /** As it calls itself, made plain; nothing vouches for it. */
  readonly name: string | undefined;
  readonly redirectUris: readonly string[];
}

/** @throws OAuthError `invalid_redirect_uri` or `invalid_client_metadata` */
export function readClientMetadata(json: unknown): ClientMetadata {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw invalid('The client metadata must be a JSON object.', 'no_object');
  }
  const metadata = json as Readonly<Record<string, unknown>>;
  const redirectUris = redirectUrisOf(metadata.redirect_uris);
  oneOf(metadata, 'grant_types', 'authorization_code');
  oneOf(metadata, 'response_types', 'code');
  return { name: nameOf(metadata.client_name), redirectUris };
}

function redirectUrisOf(value: unknown): readonly string[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MOST_REDIRECT_URIS) {
    throw new OAuthError(
      'invalid_redirect_uri',
      `redirect_uris must be a list of 1 to ${MOST_REDIRECT_URIS} addresses.`,
      { reason: 'redirect_uris' },
    );
  }
  for (const uri of value as readonly unknown[]) {
    if (typeof uri === 'string' && redirectTarget(uri) !== undefined) continue;
    throw new OAuthError(
      'invalid_redirect_uri',
      'A redirect URI must be https, http on localhost, 127.0.0.1 or [::1], or of a scheme such as com.example.app: ' +
        'at most 512 characters, without fragment, user name and the parameters of an authorization response.',
      { reason: 'redirect_uri' },
    );
  }
  return [...new Set(value as readonly string[])];
}

/** Marks above and below a letter, beyond what any language puts there: a pile of them covers the lines around. */
const PILED_MARKS = /(\p{M}{3})\p{M}+/gu;

/** A name that hides or turns text could make the consent page say something else. */
function nameOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const name = plainText(value.normalize('NFC').replace(PILED_MARKS, '$1'), LONGEST_NAME);
  return isPlainName(name) ? name : undefined;
}

/** Absent is fine; what is named must hold the one thing that there is here. */
function oneOf(metadata: Readonly<Record<string, unknown>>, field: string, word: string): void {
  const value = metadata[field];
  if (value === undefined || (Array.isArray(value) && value.includes(word))) return;
  throw invalid(`${field} must hold ${word}.`, field);
}

function invalid(description: string, reason: string): OAuthError {
  return new OAuthError('invalid_client_metadata', description, { reason });
}
