import { describe, expect, it } from 'vitest';
import { isPublicAddress } from './public-address.ts';

describe('a public address', () => {
  it.each(['1.1.1.1', '93.184.216.34', '172.32.0.1', '2606:4700:4700::1111', '2a00:1450:4001::8a'])('is %s', (ip) => {
    expect(isPublicAddress(ip)).toBe(true);
  });

  it.each([
    ['this machine', '127.0.0.1'],
    ['this machine', '127.255.255.254'],
    ['this machine', '0.0.0.0'],
    ['this machine', '::1'],
    ['this machine', '::'],
    ['a private network', '10.1.2.3'],
    ['a private network', '172.16.0.1'],
    ['a private network', '172.31.255.255'],
    ['a private network', '192.168.1.1'],
    ['a carrier network', '100.64.0.1'],
    ['a metadata service', '169.254.169.254'],
    ['a metadata service', 'fd00:ec2::254'],
    ['the host of an Azure machine', '168.63.129.16'],
    ['a unique local address', 'fc00::1'],
    ['a link-local address', 'fe80::1'],
    ['a link-local address with its zone', 'fe80::1%eth0'],
    ['a mapped address', '::ffff:127.0.0.1'],
    ['a mapped address', '::ffff:7f00:1'],
    ['a mapped public address', '::ffff:1.1.1.1'],
    ['a compatible address', '::7f00:1'],
    ['NAT64', '64:ff9b::7f00:1'],
    ['NAT64, local', '64:ff9b:1::a00:1'],
    ['6to4', '2002:7f00:1::'],
    ['Teredo', '2001:0:7f00:1::'],
    ['documentation', '203.0.113.1'],
    ['documentation', '2001:db8::1'],
    ['a benchmark network', '198.18.0.1'],
    ['multicast', '224.0.0.1'],
    ['multicast', 'ff02::1'],
    ['everybody', '255.255.255.255'],
    ['no address', 'localhost'],
    ['no address', ''],
    ['a short form', '127.1'],
    ['octal digits', '0177.0.0.1'],
  ])('is never %s (%s)', (_what, ip) => {
    expect(isPublicAddress(ip)).toBe(false);
  });
});
