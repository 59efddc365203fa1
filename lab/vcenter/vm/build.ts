/**
 * Makes and unmakes whole VMs: configuration, devices, runtime, guest and files.
 *
 * Lists of VMs (a folder's `childEntity`, a host's, pool's, datastore's and network's `vm`) follow by themselves
 * from the VM's `parent`, `runtime.host`, `resourcePool` and devices: see inventory/links.ts.
 */
import type {
  GuestInfo,
  VirtualDevice,
  VirtualMachineConfigInfo,
  VirtualMachineRuntimeInfo,
} from '../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import type { AnyObject, ManagedObject } from '../core/managed-object.ts';
import type { World } from '../core/world.ts';
import { newMac } from './addresses.ts';
import { createConfig } from './config.ts';
import { silentGuest } from './guest-info.ts';
import { guestSystem } from './guest-systems.ts';
import {
  cdromDevice,
  diskDevice,
  nicDevice,
  sataController,
  scsiController,
  serialPortDevice,
  standardDevices,
  withControllerLists,
} from './hardware.ts';
import { writeVmFiles } from './vm-files.ts';

export interface DiskSpec {
  readonly capacityKb: number;
  /** Default true. */
  readonly thin?: boolean;
  /** Default: the VM's own. */
  readonly datastore?: ManagedObject<'Datastore'>;
}

export interface NicSpec {
  readonly network: AnyObject;
  /** Default `VirtualVmxnet3`. */
  readonly type?: string;
  /** Default: a new one. */
  readonly mac?: string;
}

export interface VmSpec {
  /** As vSphere keeps it: `/` is `%2f`. */
  readonly name: string;
  /** Where it lies; a VM of a vApp has none. */
  readonly folder?: ManagedObjectReference;
  readonly vApp?: ManagedObjectReference;
  /** Default: the vApp; a template has none. */
  readonly pool?: ManagedObjectReference;
  readonly host: ManagedObjectReference;
  /** Where its files are. */
  readonly datastore: ManagedObject<'Datastore'>;
  /** Its folder there. Default: the name, made unique. */
  readonly directory?: string;
  /** Default `otherGuest64`. */
  readonly guestId?: string;
  /** Default 1. */
  readonly numCpu?: number;
  readonly coresPerSocket?: number;
  /** Default 1,024. */
  readonly memoryMb?: number;
  readonly disks?: readonly DiskSpec[];
  readonly nics?: readonly NicSpec[];
  /** `true`: a drive with nothing in it. */
  readonly cdrom?: boolean | { readonly iso: string; readonly datastore: AnyObject };
  /** URIs that serial ports listen on: `telnet://:2001`. */
  readonly serialPorts?: readonly string[];
  /** All devices as they are to be, in place of those that the fields above describe. */
  readonly devices?: readonly VirtualDevice[];
  readonly template?: boolean;
  /** `vmx-19` */
  readonly version?: string;
  readonly firmware?: string;
  readonly annotation?: string;
  /** Over what follows from the rest. */
  readonly config?: Partial<VirtualMachineConfigInfo>;
  /** Default: powered off. */
  readonly runtime?: Partial<VirtualMachineRuntimeInfo>;
  /** Default: of a VM that is off and never had Tools. */
  readonly guest?: GuestInfo;
  /** False: its files are there already. Default true. */
  readonly createFiles?: boolean;
  /** Milliseconds since the epoch; now where it is left out. */
  readonly createdAt?: number;
}

export function buildVm(world: World, spec: VmSpec): ManagedObject<'VirtualMachine'> {
  const { name, host, datastore, template = false, guestId = 'otherGuest64' } = spec;
  const directory = spec.directory ?? freeDirectory(world, datastore, name);
  const base = `[${datastore.get('name')}] ${directory}/${fileName(name)}`;
  const on = spec.runtime?.powerState === 'poweredOn';
  const config: VirtualMachineConfigInfo = {
    ...createConfig(world, {
      name,
      guestId,
      numCpu: spec.numCpu ?? 1,
      coresPerSocket: spec.coresPerSocket,
      memoryMb: spec.memoryMb ?? 1024,
      devices: withControllerLists(spec.devices ?? devicesOf(world, spec, base, on)),
      vmPathName: `${base}.${template ? 'vmtx' : 'vmx'}`,
      template,
      version: spec.version,
      firmware: spec.firmware,
      annotation: spec.annotation,
      createdAt: spec.createdAt,
    }),
    ...spec.config,
  };
  const vm = world.objects.add(
    'VirtualMachine',
    {
      name,
      config,
      runtime: { ...RUNTIME, host, ...spec.runtime },
      guest: spec.guest ?? silentGuest(config),
      ...(spec.folder && { parent: spec.folder }),
      ...(spec.vApp && { parentVApp: spec.vApp }),
      ...((spec.pool ?? spec.vApp) && { resourcePool: spec.pool ?? spec.vApp! }),
    },
    world.objects.newId(world.kind === 'vcenter' ? 'vm' : ''),
  );
  if (spec.createFiles ?? true) writeVmFiles(world, vm);
  return vm;
}

/** Takes it out of the inventory, snapshots and all; its files stay. */
export function removeVm(world: World, vm: ManagedObject<'VirtualMachine'>): void {
  for (const snapshot of [...world.objects.all('VirtualMachineSnapshot')]) {
    if (snapshot.get('vm').value === vm.id) world.objects.remove(snapshot);
  }
  world.objects.remove(vm);
}

const RUNTIME: VirtualMachineRuntimeInfo = {
  connectionState: 'connected',
  powerState: 'poweredOff',
  faultToleranceState: 'notConfigured',
  toolsInstallerMounted: false,
  numMksConnections: 0,
  recordReplayState: 'inactive',
  onlineStandby: false,
  consolidationNeeded: false,
  suspendInterval: 0,
  vmFailoverInProgress: false,
  cryptoState: 'clear',
  suspendedToMemory: false,
  paused: false,
  snapshotInBackground: false,
};

function devicesOf(world: World, spec: VmSpec, base: string, on: boolean): VirtualDevice[] {
  const { disks = [], nics = [], cdrom, serialPorts = [], datastore } = spec;
  const sata = (spec.firmware ?? guestSystem(spec.guestId ?? '').firmware) === 'efi';
  const devices = [...standardDevices(world)];
  if (disks.length > 0) devices.push(scsiController());
  if (cdrom && sata) devices.push(sataController());
  disks.forEach(({ capacityKb, thin, datastore: own = datastore }, index) => {
    const file = `${base}${index === 0 ? '' : `_${index}`}.vmdk`;
    const fileName = own === datastore ? file : file.replace(/^\[.*?\]/, `[${own.get('name')}]`);
    const uuid = `6000c29${world.random.uuid().slice(7)}`;
    devices.push(
      diskDevice({ index, capacityKb, fileName, datastore: own, uuid, ...(thin !== undefined && { thin }) }),
    );
  });
  if (cdrom) {
    const iso = cdrom === true ? undefined : { fileName: cdrom.iso, datastore: cdrom.datastore };
    devices.push(cdromDevice({ sata, iso, connected: on && iso !== undefined }));
  }
  nics.forEach(({ network, type = 'VirtualVmxnet3', mac = newMac(world) }, index) => {
    devices.push(nicDevice({ index, type, network, mac, connected: on }, world.objects));
  });
  serialPorts.forEach((uri, index) => {
    devices.push(serialPortDevice(index, uri, on));
  });
  return devices;
}

/** What no file's name may hold is left out: the name of a VM may hold nearly anything. */
export function fileName(name: string): string {
  return name.replace(/%(?:25|2f|5c)|[^\p{L}\p{N} ._()+=@#~-]/giu, '_').slice(0, 80);
}

export function freeDirectory(world: World, datastore: ManagedObject<'Datastore'>, name: string): string {
  const wanted = fileName(name);
  const files = world.files.of(datastore);
  let free = wanted;
  for (let number = 1; files.stat(free); number++) free = `${wanted}_${number}`;
  return free;
}
