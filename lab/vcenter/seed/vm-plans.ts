/** Which VMs a company has: what they are called, what they run, how large they are, where they lie. */
import type { Random } from '../core/random.ts';
import type { ToolsState } from '../vm/guest-info.ts';

export type Place = 'production' | 'test' | 'branch' | 'remote';

export interface VmPlan {
  /** As vSphere keeps it: `/` is `%2f`. */
  readonly name: string;
  /** Folders below the datacenter's own, as vSphere keeps their names. */
  readonly folder: string;
  readonly place: Place;
  readonly network: string;
  readonly guestId: string;
  readonly numCpu: number;
  readonly memoryGib: number;
  readonly disksGib: readonly number[];
  readonly state: 'poweredOn' | 'poweredOff' | 'suspended';
  readonly tools: ToolsState;
  readonly annotation?: string;
  /** Names below the root pool. */
  readonly pool?: string;
  readonly vApp?: string;
  readonly template?: boolean;
  readonly connection?: 'disconnected' | 'inaccessible';
  readonly serialPort?: string;
  readonly iso?: boolean;
  /** Names of its snapshots, each on the one before. */
  readonly snapshots?: readonly string[];
}

type Role = Omit<VmPlan, 'name' | 'state' | 'tools'> & {
  readonly prefix: string;
  /** Of a hundred, those that are off. */
  readonly off: number;
};

const role = (prefix: string, folder: string, rest: Omit<Role, 'prefix' | 'folder'>): Role => ({
  prefix,
  folder,
  ...rest,
});
const small = { numCpu: 2, memoryGib: 4, disksGib: [40] } as const;
const medium = { numCpu: 4, memoryGib: 8, disksGib: [60] } as const;
const large = { numCpu: 8, memoryGib: 32, disksGib: [80, 200] } as const;

const WEB = role('web', 'prod/web', {
  place: 'production',
  pool: 'prod',
  network: 'prod-web',
  guestId: 'ubuntu64Guest',
  off: 0,
  ...medium,
  annotation: 'Storefront. Behind lb-01 and lb-02.',
});
const APP = role('app', 'prod/app', {
  place: 'production',
  pool: 'prod',
  network: 'prod-app',
  guestId: 'rhel9_64Guest',
  off: 2,
  ...medium,
});
const DB = role('db', 'prod/db', {
  place: 'production',
  pool: 'prod/databases',
  network: 'prod-db',
  guestId: 'sles15_64Guest',
  off: 0,
  ...large,
  annotation: 'PostgreSQL. Owner: databases@corp.example',
});
const MONITOR = role('mon', 'infra', {
  place: 'production',
  network: 'prod-app',
  guestId: 'debian12_64Guest',
  off: 0,
  ...small,
});
const DIRECTORY = role('dc', 'infra', {
  place: 'production',
  network: 'VM Network',
  guestId: 'windows2019srvNext_64Guest',
  off: 0,
  ...medium,
  annotation: 'Active Directory',
});
const FILES = role('fs', 'infra', {
  place: 'production',
  network: 'VM Network',
  guestId: 'windows2019srv_64Guest',
  off: 5,
  numCpu: 4,
  memoryGib: 16,
  disksGib: [80, 500],
});
const STAGING = role('stg-web', 'staging', {
  place: 'test',
  pool: 'staging',
  network: 'test',
  guestId: 'ubuntu64Guest',
  off: 20,
  ...small,
});
const STAGING_DB = role('stg-db', 'staging', {
  place: 'test',
  pool: 'staging',
  network: 'test',
  guestId: 'sles15_64Guest',
  off: 20,
  ...medium,
});
const DEVELOPER = role('dev', 'dev', {
  place: 'test',
  network: 'test',
  guestId: 'debian12_64Guest',
  off: 40,
  ...small,
});
const WINDOWS_TEST = role('qa-win', 'dev', {
  place: 'test',
  network: 'test',
  guestId: 'windows11_64Guest',
  off: 50,
  ...medium,
});
const RUNNER = role('runner', 'CI%2fCD', {
  place: 'test',
  network: 'test',
  guestId: 'debian11_64Guest',
  off: 10,
  ...medium,
});
const BRANCH = role('pos', 'branch', {
  place: 'branch',
  network: 'VM Network',
  guestId: 'debian12_64Guest',
  off: 5,
  ...small,
});
const REMOTE = role('edge', 'branch', {
  place: 'remote',
  network: 'VM Network',
  guestId: 'freebsd13_64Guest',
  off: 5,
  ...small,
});

const CYCLE: readonly Role[] = [
  ...[WEB, DB, APP, DIRECTORY, WEB, MONITOR, STAGING, DEVELOPER, APP, BRANCH],
  ...[WEB, RUNNER, APP, FILES, STAGING_DB, DEVELOPER, WEB, WINDOWS_TEST, REMOTE, BRANCH],
];

const ON = { state: 'poweredOn', tools: 'unmanaged' } as const;
const OFF = { state: 'poweredOff', tools: 'silent' } as const;
const TEMPLATE = {
  ...OFF,
  folder: 'templates',
  place: 'production',
  network: 'VM Network',
  template: true,
  ...small,
} as const;

/** One of each that a list should have, after the first few ordinary ones. */
const SPECIAL: readonly VmPlan[] = [
  {
    ...TEMPLATE,
    name: 'ubuntu-24.04-template',
    guestId: 'ubuntu64Guest',
    annotation: 'Golden image, rebuilt each month',
  },
  {
    ...OFF,
    ...small,
    name: 'dev-anna',
    folder: 'dev',
    place: 'test',
    network: 'test',
    guestId: 'debian12_64Guest',
    state: 'suspended',
  },
  {
    ...ON,
    ...small,
    name: 'shop-lb',
    folder: '',
    vApp: 'shop',
    place: 'production',
    network: 'prod-web',
    guestId: 'debian12_64Guest',
  },
  {
    ...ON,
    ...medium,
    name: 'shop-app',
    folder: '',
    vApp: 'shop',
    place: 'production',
    network: 'prod-app',
    guestId: 'rhel9_64Guest',
  },
  {
    ...ON,
    ...large,
    name: 'shop-db',
    folder: '',
    vApp: 'shop',
    place: 'production',
    network: 'prod-db',
    guestId: 'rhel9_64Guest',
  },
  {
    ...ON,
    ...small,
    name: 'legacy-crm',
    folder: 'legacy',
    place: 'test',
    network: 'test',
    guestId: 'centos7_64Guest',
    state: 'poweredOff',
    connection: 'inaccessible',
  },
  {
    ...OFF,
    ...small,
    name: 'legacy-fax',
    folder: 'legacy',
    place: 'test',
    network: 'test',
    guestId: 'windows9Server64Guest',
    connection: 'disconnected',
  },
  {
    ...ON,
    ...small,
    name: 'console-01',
    folder: 'infra',
    place: 'production',
    network: 'VM Network',
    guestId: 'debian12_64Guest',
    serialPort: 'telnet://:2001',
    annotation: 'Its console is on the serial port',
  },
  {
    ...ON,
    ...small,
    name: 'installer-01',
    folder: 'infra',
    place: 'production',
    network: 'VM Network',
    guestId: 'otherLinux64Guest',
    tools: 'none',
    iso: true,
  },
  {
    ...ON,
    ...small,
    name: 'jump-01',
    folder: 'infra',
    place: 'production',
    network: 'VM Network',
    guestId: 'debian12_64Guest',
    annotation: 'Headquarters',
  },
  {
    ...ON,
    ...small,
    name: 'jump-01',
    folder: 'branch',
    place: 'branch',
    network: 'VM Network',
    guestId: 'debian12_64Guest',
    annotation: 'Branch',
  },
  { ...TEMPLATE, name: 'debian-12-template', guestId: 'debian12_64Guest' },
  { ...TEMPLATE, ...medium, name: 'win-2022-template', guestId: 'windows2019srvNext_64Guest' },
  {
    ...ON,
    ...small,
    name: 'qa web%2fapi',
    folder: 'CI%2fCD',
    place: 'test',
    network: 'test',
    guestId: 'ubuntu64Guest',
    tools: 'old',
  },
];

/** So many ordinary ones come first: a lab of a few VMs has nothing special. */
const ORDINARY_FIRST = 8;
const SNAPSHOTS: Readonly<Record<string, readonly string[]>> = {
  'web-01': ['before-upgrade'],
  'db-01': ['monthly', 'before-migration'],
  'dc-01': ['pre-patch'],
};

/** @param count of VMs, templates included */
export function planVms(count: number, random: Random): VmPlan[] {
  const width = count > 2000 ? 4 : count > 200 ? 3 : 2;
  const numbers = new Map<string, number>();
  const ordinary = (index: number): VmPlan => {
    const { prefix, off, ...rest } = CYCLE[index % CYCLE.length]!;
    const number = (numbers.get(prefix) ?? 0) + 1;
    numbers.set(prefix, number);
    const name = `${prefix}-${String(number).padStart(number < 10 && count <= 2000 ? 2 : width, '0')}`;
    const isOff = index >= 3 && random.between(1, 100) <= off;
    const tools = index < 3 ? 'unmanaged' : toolsOf(rest.guestId, random);
    const snapshots = SNAPSHOTS[name];
    return {
      ...rest,
      name,
      state: isOff ? 'poweredOff' : 'poweredOn',
      tools: isOff && tools !== 'none' ? 'silent' : tools,
      ...(snapshots && { snapshots }),
    };
  };
  const first = Math.min(count, ORDINARY_FIRST);
  const special = SPECIAL.slice(0, Math.max(0, count - first));
  const rest = Math.max(0, count - first - special.length);
  const plans = Array.from({ length: first + rest }, (_, index) => ordinary(index));
  return [...plans.slice(0, first), ...special, ...plans.slice(first)];
}

function toolsOf(guestId: string, random: Random): ToolsState {
  const chance = random.between(1, 100);
  if (chance <= 4) return 'none';
  if (chance <= 9) return 'silent';
  if (chance <= 20) return 'old';
  return guestId.startsWith('win') ? 'current' : 'unmanaged';
}

const TIB = 1024 ** 4;
const GIB = 1024 ** 3;
const LEAST = 4 * TIB;

/** Bytes that each of so many datastores should have for these VMs to fill them by half, in whole TiB. */
export function capacityFor(plans: readonly VmPlan[], datastores: number): number {
  const needed = plans.reduce(
    (sum, { disksGib, memoryGib }) => sum + disksGib.reduce((all, size) => all + size, memoryGib),
    0,
  );
  return Math.max(LEAST, Math.ceil((needed * GIB * 2) / datastores / TIB) * TIB);
}
