import { describe, expect, it } from 'vitest';
import { readClientMetadata } from './client-metadata.ts';
import { OAuthError } from './oauth-error.ts';

const redirect_uris = ['http://localhost/callback'];

function refusalOf(metadata: unknown): string {
  try {
    readClientMetadata(metadata);
  } catch (error) {
    if (error instanceof OAuthError) return error.error;
    throw error;
  }
  return 'nothing';
}

describe('what a client says of itself', () => {
  it('is kept as name and redirect URIs, each once, and nothing else', () => {
    expect(
      readClientMetadata({
        client_name: 'Claude Code',
        redirect_uris: [...redirect_uris, ...redirect_uris],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: 'client_secret_basic',
        logo_uri: 'https://attacker.test/logo.png',
        jwks: {},
      }),
    ).toEqual({ name: 'Claude Code', redirectUris: redirect_uris });
  });

  it.each([
    ['10,000 characters', 'x'.repeat(10_000), /^x{80}…$/],
    ['bidirectional marks', 'Claude\u202egnp.exe\u2066', /^Claude gnp\.exe$/],
    ['control characters', 'a\u0000b\r\nSet-Cookie: x\u001b[31m', /^a b Set-Cookie: x \[31m$/],
    ['zero-width characters', 'Cla\u200bude\ufeff', /^Cla ude$/],
    ['a pile of marks', `Z${'\u0300'.repeat(5_000)}algo`, /^Z\u0300{3}algo$/],
    ['the marks of a language', 'เพื่อนบ้านที่ดี', /^เพื่อนบ้านที่ดี$/],
  ])('has a name that reads as what it is, from one with %s', (_what, client_name, read) => {
    expect(readClientMetadata({ client_name, redirect_uris }).name).toMatch(read);
  });

  it.each([
    ['nothing', ''],
    ['blanks', ' \u200b '],
    ['a number', 7],
    ['a list', ['x']],
    ['null', null],
  ])('has no name where it is %s', (_what, client_name) => {
    expect(readClientMetadata({ client_name, redirect_uris }).name).toBeUndefined();
  });

  it.each([
    ['no object', null, 'invalid_client_metadata'],
    ['a list', [], 'invalid_client_metadata'],
    ['a text', 'x', 'invalid_client_metadata'],
    ['nothing', undefined, 'invalid_client_metadata'],
    ['no address', {}, 'invalid_redirect_uri'],
    ['an empty list of addresses', { redirect_uris: [] }, 'invalid_redirect_uri'],
    ['an address that is no list', { redirect_uris: 'http://localhost/' }, 'invalid_redirect_uri'],
    ['an address that is no text', { redirect_uris: [{ toString: 'x' }] }, 'invalid_redirect_uri'],
    ['one bad address among good ones', { redirect_uris: [...redirect_uris, 'javascript:x'] }, 'invalid_redirect_uri'],
    ['eleven addresses', { redirect_uris: Array(11).fill('http://localhost/') }, 'invalid_redirect_uri'],
    ['another grant', { redirect_uris, grant_types: ['client_credentials'] }, 'invalid_client_metadata'],
    ['the implicit flow', { redirect_uris, response_types: ['token'] }, 'invalid_client_metadata'],
    ['grants that are no list', { redirect_uris, grant_types: 'authorization_code' }, 'invalid_client_metadata'],
  ])('is refused with %s', (_what, metadata, error) => {
    expect(refusalOf(metadata)).toBe(error);
  });
});
