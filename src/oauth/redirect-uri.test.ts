import { describe, expect, it } from 'vitest';
import { matchesRedirectUri, redirectTarget, withParameters } from './redirect-uri.ts';

describe('an address for a code', () => {
  it.each([
    ['http://localhost:33418/callback', { kind: 'loopback', host: 'localhost:33418' }],
    ['http://127.0.0.1/', { kind: 'loopback', host: '127.0.0.1' }],
    ['http://[::1]:9/cb?x=1', { kind: 'loopback', host: '[::1]:9' }],
    ['https://claude.ai/api/mcp/auth_callback', { kind: 'web', host: 'claude.ai' }],
    ['https://client.example.com:8443/cb', { kind: 'web', host: 'client.example.com:8443' }],
    ['cursor://anysphere.cursor-mcp/oauth/callback', { kind: 'app', scheme: 'cursor' }],
    ['com.example.app:/oauth', { kind: 'app', scheme: 'com.example.app' }],
  ])('may be %s', (uri, target) => {
    expect(redirectTarget(uri)).toEqual(target);
  });

  it.each([
    'http://client.example.com/cb',
    'http://localhost.attacker.test/cb',
    'http://localhost@attacker.test/cb',
    'http://localhost:80@attacker.test/cb',
    'http://127.0.0.1.attacker.test/',
    'http://127.1/cb',
    'http://2130706433/cb',
    'http://LOCALHOST/cb',
    'http://0.0.0.0/cb',
    'https://user:pw@client.example.com/cb',
    'https://client.example.com\\@attacker.test/',
    'https://client.example.com/cb#fragment',
    'https://client.example.com/cb?state=1',
    'https://client.example.com/cb?code=1',
    'https:/client.example.com/cb',
    'https:client.example.com',
    'https://',
    '//client.example.com/cb',
    '/cb',
    'javascript:alert(1)//',
    'data:text/html,x',
    'file:///etc/passwd',
    'ms-msdt:/id',
    'vbscript:x',
    'blob:https://client.example.com/1',
    'tel:+49',
    'cursor:x',
    'cursor://anysphere.cursor-deeplink/mcp/install?name=x&config=e30',
    'vscode://mcp/install?',
    'vscode://mcp/install#x',
    'https://client.example.com/\u202ecb',
    'https://clienť.example.com/',
    'https://client.example.com/a b',
    ' https://client.example.com/',
    'https://client.example.com/\n',
    `https://client.example.com/${'x'.repeat(10_000)}`,
    'http://localhost:99999/cb',
    '',
  ])('is never %j', (uri) => {
    expect(redirectTarget(uri)).toBeUndefined();
  });
});

describe('the comparison with what was registered', () => {
  const registered = ['http://localhost/callback', 'http://127.0.0.1:3000/cb?x=1', 'https://client.example.com/cb'];

  it.each([
    'http://localhost/callback',
    'http://localhost:51234/callback',
    'http://127.0.0.1:4000/cb?x=1',
    'http://127.0.0.1/cb?x=1',
    'https://client.example.com/cb',
  ])('takes %s: only a loopback port may differ', (uri) => {
    expect(matchesRedirectUri(registered, uri)).toBe(true);
  });

  it.each([
    'http://127.0.0.1/callback',
    'http://[::1]/callback',
    'http://localhost/callback/',
    'http://localhost/callback?',
    'http://localhost/Callback',
    'http://localhost/callback/../callback',
    'http://localhost/%63allback',
    'http://127.0.0.1:3000/cb?x=2',
    'http://127.0.0.1:3000/cb?x=1&y=2',
    'https://client.example.com:443/cb',
    'https://client.example.com/cb/',
    'https://client.example.com/cb?x',
    'https://CLIENT.example.com/cb',
    'https://evil.client.example.com/cb',
    'https://localhost/callback',
  ])('refuses %s', (uri) => {
    expect(matchesRedirectUri(registered, uri)).toBe(false);
  });
});

describe('an address that was registered before a rule was made', () => {
  it.each(['cursor://anysphere.cursor-mcp/oauth?x=1', 'vscode://mcp/install?', 'http://client.example.com/cb'])(
    'is no address for a code any more: %s',
    (uri) => {
      expect(matchesRedirectUri([uri], uri)).toBe(false);
    },
  );
});

describe('the parameters of an answer', () => {
  it('come after those that are there, which stay as they were spelled', () => {
    expect(withParameters('https://c.example/cb?a=%20+b', { code: 'x y', state: undefined, iss: 'https://g' })).toBe(
      'https://c.example/cb?a=%20+b&code=x+y&iss=https%3A%2F%2Fg',
    );
    expect(withParameters('http://localhost/cb', { state: 'a&b=c#d' })).toBe('http://localhost/cb?state=a%26b%3Dc%23d');
  });
});
