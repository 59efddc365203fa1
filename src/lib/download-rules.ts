/**
 * From where packages may be fetched (OVA_URL_ALLOWLIST).
 *
 * A rule is an https origin with the beginning of a path, or a network in which its servers may be: an address that
 * is private is not connected to unless a rule names its network. A URL is compared as it will be sent, after `..` was
 * resolved; an encoded slash or backslash, which a server might resolve once more, fits no rule.
 */
import { BlockList, isIP } from 'node:net';

export interface DownloadRules {
  /** Whether the URL is under one of the listed prefixes. */
  allowsUrl(url: URL): boolean;
  /** Whether a server at this address may be connected to. */
  allowsAddress(address: string): boolean;
}

/** `https://files.example.com/images/` or `10.1.0.0/16`; undefined for a text that is neither. */
export function parseDownloadRule(text: string): { readonly prefix: URL } | { readonly network: Network } | undefined {
  const network = parseNetwork(text);
  if (network) return { network };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url?.protocol !== 'https:' ||
    url.username !== '' ||
    url.password !== '' ||
    url.search !== '' ||
    url.hash !== ''
  ) {
    return undefined;
  }
  if (/%2f|%5c|\\/i.test(text) || text.includes('*')) return undefined;
  return { prefix: url };
}

interface Network {
  readonly address: string;
  readonly bits: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** @param texts rules that `parseDownloadRule` takes */
export function createDownloadRules(texts: readonly string[]): DownloadRules {
  const prefixes: URL[] = [];
  const listed = new BlockList();
  for (const text of texts) {
    const rule = parseDownloadRule(text);
    if (rule === undefined) throw new TypeError('a rule for downloads that is none');
    if ('prefix' in rule) prefixes.push(rule.prefix);
    else listed.addSubnet(rule.network.address, rule.network.bits, rule.network.family);
  }
  return {
    allowsUrl(url) {
      if (url.protocol !== 'https:' || url.username !== '' || url.password !== '') return false;
      if (/%2f|%5c|\\/i.test(url.pathname)) return false;
      return prefixes.some((prefix) => {
        const folder = prefix.pathname.endsWith('/') ? prefix.pathname : `${prefix.pathname}/`;
        return url.origin === prefix.origin && (url.pathname === prefix.pathname || url.pathname.startsWith(folder));
      });
    },
    allowsAddress(address) {
      const family = isIP(address);
      if (family === 0) return false;
      const type = family === 4 ? 'ipv4' : 'ipv6';
      return listed.check(address, type) || !SPECIAL.check(address, type);
    },
  };
}

function parseNetwork(text: string): Network | undefined {
  const [address = '', digits, ...rest] = text.split('/');
  const family = isIP(address);
  const most = family === 4 ? 32 : 128;
  const bits = digits === undefined ? most : /^\d{1,3}$/.test(digits) ? Number(digits) : Number.NaN;
  if (family === 0 || rest.length > 0 || !(bits >= 1 && bits <= most)) return undefined;
  return { address, bits, family: family === 4 ? 'ipv4' : 'ipv6' };
}

/**
 * Everything but the public Internet: IANA's special-purpose registries (RFC 6890), and multicast. An IPv4 address
 * within IPv6 is found among those of IPv4.
 */
const SPECIAL = specialNetworks([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
  '5f00::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
]);

function specialNetworks(texts: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of texts) {
    const { address, bits, family } = parseNetwork(text)!;
    list.addSubnet(address, bits, family);
  }
  return list;
}
