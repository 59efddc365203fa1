import { isIP } from 'node:net';

/** Some proxies tell the port as well, which is another one with each connection. */
const WITH_PORT = /^(?:\[(.*)\](?::\d+)?|([\d.]+):\d+)$/;

/**
 * Whom an address belongs to, for counting: itself, or for IPv6 its /64, within which one machine has as many
 * addresses as it likes (RFC 4291 §2.5.1). An IPv4 address counts the same where it comes mapped into IPv6. Texts that
 * are no address are all the same: whoever makes them up makes up as many as they like.
 */
export function networkOf(address: string): string {
  const [, ofIpv6, ofIpv4] = WITH_PORT.exec(address) ?? [];
  const plain = (ofIpv6 ?? ofIpv4 ?? address).replace(/%.*$/, '');
  if (isIP(plain) === 0) return 'no address';
  if (isIP(plain) === 4) return plain;
  const groups = groupsOf(plain);
  if (groups.slice(0, 6).join(':') === '0:0:0:0:0:ffff') {
    const [high = 0, low = 0] = groups.slice(6).map((group) => Number.parseInt(group, 16));
    return [high >> 8, high & 255, low >> 8, low & 255].join('.');
  }
  return `${groups.slice(0, 4).join(':')}::/64`;
}

/** All eight, in lower case and without leading zeros: what a URL parser makes of them. */
function groupsOf(address: string): string[] {
  const { hostname } = new URL(`http://[${address}]`);
  const [head = '', tail = ''] = hostname.slice(1, -1).split('::');
  const [first, last] = [head, tail].map((part) => (part === '' ? [] : part.split(':'))) as [string[], string[]];
  return [...first, ...Array.from({ length: 8 - first.length - last.length }, () => '0'), ...last];
}
