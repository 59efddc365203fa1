import { describe, expect, it } from 'vitest';
import { isBearerAccessToken } from './token-type.ts';

/** The client id of an application, which an operator may have taken for the audience. */
const CLIENT = '6e74172b-be56-4843-9ff4-e66a39bb12e3';
const plain = { iss: 'https://login.example.com', aud: CLIENT, sub: 'alice', exp: 2, iat: 1 };
const accepts = (claims: object, header: Record<string, unknown> = { typ: 'JWT' }) =>
  isBearerAccessToken({ header, claims: { ...plain, ...claims } });

describe('an ID token for the audience that shows none of its usual marks', () => {
  it.each<[string, object]>([
    ['with nothing but what OpenID Connect asks for', {}],
    ['with the login told', { auth_time: 1, acr: '1', amr: ['pwd', 'mfa'] }],
    [
      'of Entra, version 2',
      { ver: '2.0', tid: 't', oid: 'o', uti: 'u', rh: 'r', preferred_username: 'a@b', name: 'A' },
    ],
    ['of Entra, with application roles', { ver: '2.0', tid: 't', oid: 'o', roles: ['vsphere-admins'] }],
    ['of Entra, with roles for the client itself', { ver: '2.0', azp: CLIENT, roles: ['vsphere-admins'] }],
    ['that an app got for its back end', { azp: 'mobile-app' }],
    ['with a session and groups', { sid: 's', groups: ['vsphere-readers'] }],
  ])('is none: %s', (_what, claims) => {
    expect(accepts(claims)).toBe(false);
    expect(accepts(claims, {})).toBe(false);
  });
});

describe('an access token', () => {
  it.each<[string, object, Record<string, unknown>?]>([
    ['its header', {}, { typ: 'at+jwt' }],
    ['its header, in full', {}, { typ: 'application/at+jwt' }],
    ['its typ, as Keycloak says it', { typ: 'Bearer', azp: CLIENT, auth_time: 1, acr: '1' }],
    ['its use, as Cognito says it', { token_use: 'access' }],
    ['its scope', { scope: 'vsphere' }],
    ['its scope, as Entra says it', { scp: 'vsphere', azp: CLIENT, azpacr: '0' }],
    ['its scopes, as Okta says them', { scp: ['vsphere'], cid: 'client' }],
    ['its client', { client_id: 'client' }],
    ['its client, as Entra said it in version 1', { appid: 'client' }],
    ['how its client proved itself, as Entra says', { azp: CLIENT, azpacr: '1', roles: ['reader'] }],
    ['the roles of a client that is not the audience', { azp: 'client', roles: ['reader'] }],
  ])('is known by %s', (_what, claims, header) => {
    expect(accepts(claims, header)).toBe(true);
  });

  it('is not taken for one on the word of a claim beside the marks of something else', () => {
    expect(accepts({ scope: 'openid', nonce: 'n' })).toBe(false);
    expect(accepts({ scope: 'openid', at_hash: 'h' })).toBe(false);
    expect(accepts({ client_id: CLIENT, typ: 'ID' })).toBe(false);
    expect(accepts({ client_id: CLIENT, token_use: 'id' })).toBe(false);
    expect(accepts({ client_id: CLIENT }, { typ: 'logout+jwt' })).toBe(false);
  });
});
