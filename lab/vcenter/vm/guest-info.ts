/** What vCenter knows of a VM's guest, with VMware Tools in each of their states. */
import type {
  GuestDiskInfo,
  GuestInfo,
  GuestNicInfo,
  GuestStackInfo,
  VirtualDisk,
  VirtualEthernetCard,
  VirtualMachineConfigInfo,
} from '../../../src/vim25/generated/types.ts';
import { ipv4Of, ipv6Of } from './addresses.ts';
import { type GuestSystem, guestSystem } from './guest-systems.ts';

/**
 * `current`: those that the host brings; `old`: an upgrade is there; `unmanaged`: the guest's own (open-vm-tools);
 * `silent`: installed, and not running; `none`: never seen.
 */
export type ToolsState = 'current' | 'old' | 'unmanaged' | 'silent' | 'none';

const VERSIONS: Readonly<Record<ToolsState, number>> = {
  current: 12416,
  old: 11365,
  unmanaged: 12352,
  silent: 12416,
  none: 0,
};

const VERSION_STATUS: Readonly<Record<ToolsState, readonly [status: string, status2: string]>> = {
  current: ['guestToolsCurrent', 'guestToolsCurrent'],
  old: ['guestToolsNeedUpgrade', 'guestToolsSupportedOld'],
  unmanaged: ['guestToolsUnmanaged', 'guestToolsUnmanaged'],
  silent: ['guestToolsCurrent', 'guestToolsCurrent'],
  none: ['guestToolsNotInstalled', 'guestToolsNotInstalled'],
};

const NO_SCREEN = { width: 0, height: 0 } as const;
const TEXT_SCREEN = { width: 1024, height: 768 } as const;

/** A guest of which nothing is heard: off, suspended, still booting, or without running Tools. */
export function silentGuest(
  config: Pick<VirtualMachineConfigInfo, 'guestId'>,
  { tools = 'none', running = false }: { readonly tools?: ToolsState; readonly running?: boolean } = {},
): GuestInfo {
  const installed = tools !== 'none';
  const { id, fullName, family } = guestSystem(config.guestId);
  return {
    toolsStatus: installed ? 'toolsNotRunning' : 'toolsNotInstalled',
    toolsVersionStatus: VERSION_STATUS[tools][0],
    toolsVersionStatus2: VERSION_STATUS[tools][1],
    toolsRunningStatus: 'guestToolsNotRunning',
    toolsVersion: String(VERSIONS[tools]),
    ...(installed && {
      toolsInstallType: installType(tools, family),
      guestId: id,
      guestFamily: family,
      guestFullName: fullName,
    }),
    screen: NO_SCREEN,
    guestState: running ? 'unknown' : 'notRunning',
    appHeartbeatStatus: 'appStatusGray',
    guestKernelCrashed: false,
    appState: 'none',
    guestOperationsReady: false,
    interactiveGuestOperationsReady: false,
    guestStateChangeSupported: false,
    hwVersion: 'vmx-19',
  };
}

export interface RunningGuest {
  readonly config: VirtualMachineConfigInfo;
  readonly tools: Exclude<ToolsState, 'none' | 'silent'>;
  readonly hostName: string;
  /** Names of networks by the keys of the cards that are on them. */
  readonly networks: ReadonlyMap<number, string>;
  /** The part of its disks that is used, 0 to 1. Default 0.4. */
  readonly used?: number;
}

/** A guest that is up, its Tools running: each connected card has an IPv4, a link-local and a global IPv6 address. */
export function runningGuest({ config, tools, hostName, networks, used = 0.4 }: RunningGuest): GuestInfo {
  const devices = config.hardware.device ?? [];
  const cards = devices.filter((device): device is VirtualEthernetCard => 'macAddress' in device);
  const disks = devices.filter((device): device is VirtualDisk => device.$type === 'VirtualDisk');
  const { id, fullName, family } = guestSystem(config.guestId);
  const windows = family === 'windowsGuest';
  const first = cards.find((card) => card.connectable?.connected);
  return {
    ...silentGuest(config, { tools, running: true }),
    toolsStatus: tools === 'old' ? 'toolsOld' : 'toolsOk',
    toolsRunningStatus: 'guestToolsRunning',
    guestId: id,
    guestFamily: family,
    guestFullName: fullName,
    guestDetailedData: `architecture='X86' bitness='64' familyName='${windows ? 'Windows' : 'Linux'}' prettyName='${fullName}'`,
    hostName,
    ...(first && { ipAddress: ipv4Of(first.macAddress!) }),
    net: cards.map((card) => nicInfo(card, networks.get(card.key))),
    ...(first && { ipStack: [ipStack(hostName, ipv4Of(first.macAddress!))] }),
    disk: disks.map((disk, index) => diskInfo(disk, { index, windows, used })),
    screen: TEXT_SCREEN,
    guestState: 'running',
    appState: 'none',
    guestOperationsReady: true,
    interactiveGuestOperationsReady: windows,
    guestStateChangeSupported: true,
  };
}

function installType(tools: ToolsState, family: GuestSystem['family']): string {
  if (family === 'windowsGuest') return 'guestToolsTypeMSI';
  return tools === 'old' || tools === 'current' ? 'guestToolsTypeTar' : 'guestToolsTypeOpenVMTools';
}

function nicInfo(
  { key, macAddress = '', connectable }: VirtualEthernetCard,
  network: string | undefined,
): GuestNicInfo {
  const connected = connectable?.connected ?? false;
  const addresses = [
    { ipAddress: ipv4Of(macAddress), prefixLength: 24, origin: 'dhcp', state: 'preferred' },
    { ipAddress: ipv6Of(macAddress), prefixLength: 64, origin: 'linklayer', state: 'preferred' },
    { ipAddress: ipv6Of(macAddress, 'fd00:6c:6162::'), prefixLength: 64, origin: 'linklayer', state: 'preferred' },
  ];
  return {
    ...(network !== undefined && { network }),
    macAddress,
    connected,
    deviceConfigId: key,
    ...(connected && {
      ipAddress: addresses.map(({ ipAddress }) => ipAddress),
      ipConfig: { ipAddress: addresses },
    }),
  };
}

function ipStack(hostName: string, ipv4: string): GuestStackInfo {
  const gateway = ipv4.replace(/\d+$/, '1');
  const [host, ...domain] = hostName.split('.');
  return {
    dnsConfig: {
      dhcp: true,
      hostName: host!,
      domainName: domain.join('.'),
      ipAddress: ['10.0.0.2', '10.0.0.3'],
      searchDomain: domain.length > 0 ? [domain.join('.')] : [],
    },
    ipRouteConfig: {
      ipRoute: [
        { network: '0.0.0.0', prefixLength: 0, gateway: { ipAddress: gateway, device: '0' } },
        { network: ipv4.replace(/\d+$/, '0'), prefixLength: 24, gateway: { device: '0' } },
      ],
    },
  };
}

function diskInfo(
  { capacityInKB, key }: VirtualDisk,
  { index, windows, used }: { readonly index: number; readonly windows: boolean; readonly used: number },
): GuestDiskInfo {
  // The boot partition and the file system's own tables are not in it.
  const capacity = Math.floor(capacityInKB * 0.97) * 1024;
  return {
    diskPath: windows ? `${String.fromCharCode(67 + index)}:\\` : index === 0 ? '/' : `/data${index}`,
    capacity,
    freeSpace: Math.floor(capacity * (1 - used)),
    filesystemType: windows ? 'NTFS' : 'ext4',
    mappings: [{ key }],
  };
}
