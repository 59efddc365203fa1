import { describe, expect, it } from 'vitest';
import { bearerChallenge, protectedResourceMetadata } from './challenge.ts';

const resourceMetadata = 'https://mcp.example.com/.well-known/oauth-protected-resource/mcp';

describe('the challenge', () => {
  it('without a token names the metadata and no error', () => {
    expect(bearerChallenge({ resourceMetadata })).toBe(`Bearer resource_metadata="${resourceMetadata}"`);
  });

  it('for a bad token says so', () => {
    expect(
      bearerChallenge({ resourceMetadata, error: 'invalid_token', errorDescription: 'expired', scope: 'a b' }),
    ).toBe(
      `Bearer error="invalid_token", error_description="expired", scope="a b", resource_metadata="${resourceMetadata}"`,
    );
  });

  it('cannot be broken out of', () => {
    const errorDescription = 'x", realm="evil\\"\r\nSet-Cookie: a=b\u202e';
    const value = bearerChallenge({ resourceMetadata, error: 'invalid_token', errorDescription });
    expect(value).toContain('error_description="x, realm=evilSet-Cookie: a=b"');
    expect(value).toMatch(/^[\x20-\x7e]*$/);
  });
});

describe('the metadata', () => {
  it('names the resource letter for letter and its authorization servers', () => {
    const resource = 'https://mcp.example.com/mcp';
    expect(protectedResourceMetadata({ resource, authorizationServers: ['https://login.example.com/'] })).toEqual({
      resource,
      authorization_servers: ['https://login.example.com/'],
      bearer_methods_supported: ['header'],
      resource_name: 'mcvsphere',
    });
  });

  it('lists scopes only where there are any', () => {
    const of = { resource: 'r', authorizationServers: [], scopes: ['vsphere'] };
    expect(protectedResourceMetadata(of)).toMatchObject({ scopes_supported: ['vsphere'] });
  });
});
