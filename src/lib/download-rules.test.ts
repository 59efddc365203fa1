import { describe, expect, it } from 'vitest';
import { createDownloadRules, parseDownloadRule } from './download-rules.ts';

const RULES = createDownloadRules(['https://files.example.com/images', 'https://open.example.com', '10.20.0.0/16']);

describe('a list of what may be fetched', () => {
  it.each([
    ['https://files.example.com/images/a.ova', true],
    ['https://files.example.com/images/deep/a.ova?signature=x', true],
    ['https://FILES.example.com:443/images/a.ova', true],
    ['https://open.example.com/anything', true],
    ['https://files.example.com/images-of-others/a.ova', false],
    ['https://files.example.com/', false],
    ['https://files.example.com/images/../secret', false],
    ['https://files.example.com/images/%2e%2e/secret', false],
    ['https://files.example.com/images/..%2fsecret', false],
    ['https://files.example.com/images/..%5Csecret', false],
    ['https://files.example.com:8443/images/a.ova', false],
    ['http://files.example.com/images/a.ova', false],
    ['https://files.example.com.evil.example/images/a.ova', false],
    ['https://user@files.example.com/images/a.ova', false],
    ['https://files.example.com@evil.example/images/a.ova', false],
    ['file:///images/a.ova', false],
  ])('%s: %s', (url, allowed) => {
    expect(RULES.allowsUrl(new URL(url))).toBe(allowed);
  });

  it.each([
    ['93.184.216.34', true],
    ['2606:2800:220:1::1', true],
    ['10.20.3.4', true],
    ['::ffff:10.20.3.4', true],
    ['10.21.0.1', false],
    ['127.0.0.1', false],
    ['169.254.169.254', false],
    ['0.0.0.0', false],
    ['::1', false],
    ['::ffff:127.0.0.1', false],
    ['::ffff:7f00:1', false],
    ['fd00::1', false],
    ['fe80::1', false],
    ['64:ff9b::7f00:1', false],
    ['not an address', false],
  ])('connects to %s: %s', (address, allowed) => {
    expect(RULES.allowsAddress(address)).toBe(allowed);
  });

  it.each([
    'http://files.example.com',
    '*',
    'https://*.example.com',
    'https://u:p@x.example',
    '0.0.0.0/0',
    '10.0.0.0/99',
    '',
  ])('takes no rule such as %j', (text) => {
    expect(parseDownloadRule(text)).toBeUndefined();
  });
});
