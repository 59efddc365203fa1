import { describe, expect, it } from 'vitest';
import { allowedHostNames, allowsOrigin, isLoopback } from './guards.ts';

describe('allowsOrigin', () => {
  const listed = new Set(['https://tools.example.com']);

  it('takes a listed origin exactly, scheme, host and port', () => {
    expect(allowsOrigin('https://tools.example.com', listed, false)).toBe(true);
    for (const other of [
      'http://tools.example.com',
      'https://tools.example.com:8443',
      'https://tools.example.com.attacker.test',
      'https://TOOLS.example.com',
      'null',
      '',
    ]) {
      expect(allowsOrigin(other, listed, false), other).toBe(false);
    }
  });

  it('takes pages of this machine only while bound to loopback', () => {
    expect(allowsOrigin('http://localhost:6274', listed, true)).toBe(true);
    expect(allowsOrigin('http://[::1]:6274', listed, true)).toBe(true);
    expect(allowsOrigin('http://localhost:6274', listed, false)).toBe(false);
    expect(allowsOrigin('http://localhost.attacker.test', listed, true)).toBe(false);
    expect(allowsOrigin('file://localhost', listed, true)).toBe(false);
  });
});

describe('allowedHostNames', () => {
  it('holds the public name, the configured ones, and loopback only where bound there', () => {
    const base = new URL('https://mcp.example.com:8443');
    expect([...allowedHostNames(['Gateway.internal'], base, '0.0.0.0')].sort()).toEqual([
      'gateway.internal',
      'mcp.example.com',
    ]);
    expect(allowedHostNames([], undefined, '127.0.0.1')).toContain('localhost');
  });
});

describe('isLoopback', () => {
  it.each(['127.0.0.1', '127.8.9.1', '::1', '[::1]', 'localhost'])('knows %s', (host) => {
    expect(isLoopback(host)).toBe(true);
  });
  it.each(['0.0.0.0', '::', '128.0.0.1', 'localhost.example.com', '127.0.0.1.example.com'])('refuses %s', (host) => {
    expect(isLoopback(host)).toBe(false);
  });
});
