/** Addresses of network cards: each is given once, and a guest's IP addresses follow from its card's. */
import type { World } from '../core/world.ts';

const given = new WeakMap<World, number>();

/** A MAC address that no card has: VMware's 00:50:56:80 to bf on a vCenter, 00:0c:29 on an ESXi host. */
export function newMac(world: World): string {
  let number = (given.get(world) ?? 0) + 1;
  // The guest's IPv4 address ends alike: no network's own address, gateway or broadcast.
  while (number % 256 < 10 || number % 256 > 250) number++;
  given.set(world, number);
  const vcenter = world.kind === 'vcenter';
  return [vcenter ? '00:50:56' : '00:0c:29', (vcenter ? 0x80 : 0) + ((number >> 16) & 0x3f), number >> 8, number]
    .map((part) => (typeof part === 'string' ? part : (part & 0xff).toString(16).padStart(2, '0')))
    .join(':');
}

/** `10.20.3.17`, the same for the same card. Its network is a /24. */
export function ipv4Of(mac: string): string {
  const [high, middle, low] = mac
    .split(':')
    .slice(3)
    .map((hex) => Number.parseInt(hex, 16)) as [number, number, number];
  return `10.${20 + (high & 0x3f)}.${middle}.${low}`;
}

/** Link-local (`fe80::…`) or of the lab's own network (`fd00:…`), with the interface's id of RFC 4291, appendix A. */
export function ipv6Of(mac: string, prefix: 'fe80::' | 'fd00:6c:6162::' = 'fe80::'): string {
  const bytes = mac.split(':').map((hex) => Number.parseInt(hex, 16));
  const id = [bytes[0]! ^ 2, bytes[1]!, bytes[2]!, 0xff, 0xfe, ...bytes.slice(3)];
  const words = [0, 2, 4, 6].map((at) => ((id[at]! << 8) | id[at + 1]!).toString(16));
  return prefix === 'fe80::' ? `fe80::${words.join(':')}` : `fd00:6c:6162:0:${words.join(':')}`;
}
