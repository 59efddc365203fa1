import { describe, expect, it } from 'vitest';
import { readManifest, writeManifest } from './ovf-manifest.ts';

const SHA256 = 'ab'.repeat(32);

describe('readManifest', () => {
  it('reads what it writes, and what other products write', () => {
    expect(readManifest(writeManifest([{ name: 'a (1).vmdk', sha256: SHA256 }]))).toEqual(
      new Map([['a (1).vmdk', { algorithm: 'sha256', hex: SHA256 }]]),
    );
    expect(readManifest(`SHA1 (a.ovf) = ${'CD'.repeat(20)}\r\n\r\nSHA-512(b)= ${'0'.repeat(128)}`)).toEqual(
      new Map([
        ['a.ovf', { algorithm: 'sha1', hex: 'cd'.repeat(20) }],
        ['b', { algorithm: 'sha512', hex: '0'.repeat(128) }],
      ]),
    );
  });

  it.each([
    ['a weak algorithm', `MD5(a)= ${'0'.repeat(32)}`],
    ['a checksum of another length', 'SHA256(a)= abcd'],
    ['anything else', 'hello'],
    ['a file with two checksums', `SHA256(a)= ${SHA256}\nSHA1(a)= ${'0'.repeat(40)}`],
  ])('refuses %s', (_, text) => {
    expect(() => readManifest(text)).toThrow(/manifest/);
  });
});
