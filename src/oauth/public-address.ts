/**
 * Is this an address of the public internet? A URL that a stranger chose is fetched only from there: everything
 * else may be a machine of the company, this one, or a cloud's metadata service (server-side request forgery).
 * What is listed is refused, by the special-purpose registries of RFC 6890 and by every form that wraps an IPv4
 * address into an IPv6 one.
 */
import { BlockList, isIP } from 'node:net';

const REFUSED_V4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  // Azure's host, which answers every machine there: a public address in name only.
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const;

/**
 * Only global unicast (2000::/3) is open at all, so mapped (::ffff:0:0/96), compatible (::/96), NAT64
 * (64:ff9b::/96, 64:ff9b:1::/48), unique local, link-local and multicast addresses are out already.
 */
const REFUSED_V6 = [
  // Protocol assignments, Teredo (2001::/32) among them: it holds an IPv4 address.
  ['2001::', 23],
  ['2001:db8::', 32],
  // 6to4: holds an IPv4 address.
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
] as const;

const refused = new BlockList();
for (const [address, bits] of REFUSED_V4) refused.addSubnet(address, bits, 'ipv4');
for (const [address, bits] of REFUSED_V6) refused.addSubnet(address, bits, 'ipv6');
const globalUnicast = new BlockList();
globalUnicast.addSubnet('2000::', 3, 'ipv6');

/** @param address an IP address as the resolver gives it */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !refused.check(address, 'ipv4');
    case 6:
      return !address.includes('%') && globalUnicast.check(address, 'ipv6') && !refused.check(address, 'ipv6');
    default:
      return false;
  }
}
