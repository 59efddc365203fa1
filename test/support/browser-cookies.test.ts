import { describe, expect, it } from 'vitest';
import { type BrowserCookies, createBrowserCookies } from './browser-cookies.ts';

const HTTPS = new URL('https://mcp.example.com/auth/callback?x=1');
const LOOPBACK = new URL('http://127.0.0.1:8080/login');
const PLAIN = new URL('http://mcp.example.com/auth/callback');
const typed = { method: 'GET', initiator: undefined };

function jar(url: URL, ...lines: string[]): BrowserCookies {
  const cookies = createBrowserCookies();
  cookies.store(url, lines);
  return cookies;
}

describe('what is stored', () => {
  it.each([
    ['a cookie with a host prefix and all that it asks for', HTTPS, '__Host-a=1; Secure; Path=/', true],
    ['the same on loopback', LOOPBACK, '__Host-a=1; Secure; Path=/', true],
    ['the same on plain http', PLAIN, '__Host-a=1; Secure; Path=/', false],
    ['a host prefix without Secure', HTTPS, '__Host-a=1; Path=/', false],
    ['a host prefix with a domain', HTTPS, '__Host-a=1; Secure; Path=/; Domain=mcp.example.com', false],
    ['a host prefix with another path', HTTPS, '__Host-a=1; Secure; Path=/auth', false],
    ['a host prefix without a path', HTTPS, '__Host-a=1; Secure', false],
    ['a host prefix in other letters', HTTPS, '__hOST-a=1; Path=/', false],
    ['a secure prefix without Secure', HTTPS, '__Secure-a=1', false],
    ['a cookie for a parent domain', HTTPS, 'a=1; Domain=example.com', true],
    ['a cookie for another domain', HTTPS, 'a=1; Domain=example.org', false],
    ['a cookie for a domain that only ends alike', HTTPS, 'a=1; Domain=cp.example.com', false],
    ['SameSite=None without Secure', HTTPS, 'a=1; SameSite=None', false],
    ['one without a name', HTTPS, '=1', false],
    ['one that is too large', HTTPS, `a=${'x'.repeat(5000)}`, false],
    ['one that has ended', HTTPS, 'a=1; Max-Age=0', false],
  ])('%s', (_name, url, line, kept) => {
    expect(jar(url, line).all().length === 1).toBe(kept);
  });

  it('is replaced by the next of the same name, and taken away by one in the past', () => {
    const cookies = jar(HTTPS, 'a=1; Path=/', 'a=2; Path=/');
    expect(cookies.all().map(({ value }) => value)).toEqual(['2']);
    cookies.store(HTTPS, ['a=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT']);
    expect(cookies.all()).toEqual([]);
  });

  it('is not overlaid by a page that is not secure', () => {
    const cookies = jar(HTTPS, 'a=good; Secure; Path=/');
    cookies.store(PLAIN, ['a=bad; Path=/auth']);
    expect(cookies.headerFor(HTTPS, typed)).toBe('a=good');
  });
});

describe('what is sent', () => {
  it.each([
    ['below the path', '/auth/callback/more', true],
    ['the path itself', '/auth', true],
    ['a path that only begins alike', '/authorize', false],
  ])('%s', (_name, path, sent) => {
    const cookies = jar(HTTPS, 'a=1; Path=/auth');
    expect(cookies.headerFor(new URL(path, HTTPS), typed) === 'a=1').toBe(sent);
  });

  it('goes by default to the folder of the page that set it', () => {
    const cookies = jar(HTTPS, 'a=1');
    expect(cookies.all()[0]?.path).toBe('/auth');
  });

  it('puts the longer path first', () => {
    expect(jar(HTTPS, 'a=1; Path=/', 'a=2; Path=/auth').headerFor(HTTPS, typed)).toBe('a=2; a=1');
  });

  it('does not go to another host, nor without TLS where it is Secure', () => {
    const cookies = jar(HTTPS, 'a=1; Secure; Path=/');
    expect(cookies.headerFor(new URL('https://example.com/'), typed)).toBeUndefined();
    expect(cookies.headerFor(PLAIN, typed)).toBeUndefined();
  });

  it('is not kept apart by ports', () => {
    expect(jar(LOOPBACK, 'a=1; Path=/').headerFor(new URL('http://127.0.0.1:9090/'), typed)).toBe('a=1');
  });

  it('ends with its age', () => {
    let now = 0;
    const cookies = createBrowserCookies(() => now);
    cookies.store(HTTPS, ['a=1; Path=/; Max-Age=600']);
    now = 599_000;
    expect(cookies.headerFor(HTTPS, typed)).toBe('a=1');
    now = 600_000;
    expect(cookies.headerFor(HTTPS, typed)).toBeUndefined();
  });

  const other = new URL('https://evil.example/');
  const sibling = new URL('https://login.example.com/');
  it.each([
    ['Strict', 'GET', other, false],
    ['Strict', 'GET', sibling, true],
    ['Strict', 'GET', undefined, true],
    ['Lax', 'GET', other, true],
    ['Lax', 'POST', other, false],
    ['Lax', 'POST', sibling, true],
    ['None', 'POST', other, true],
  ])('SameSite=%s on a %s from %s: %s', (sameSite, method, initiator, sent) => {
    const cookies = jar(HTTPS, `a=1; Path=/; Secure; SameSite=${sameSite}`);
    expect(cookies.headerFor(HTTPS, { method, initiator }) === 'a=1').toBe(sent);
  });
});
