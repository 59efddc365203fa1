/** Datastores and pods of them: making them, and what of them follows from their files and mounts. */
import type {
  DatastoreCapability,
  DatastoreHostMount,
  DatastoreSummary,
  NasDatastoreInfo,
  StorageDrsConfigInfo,
  VmfsDatastoreInfo,
} from '../../../src/vim25/generated/types.ts';
import type { AnyObject, ManagedObject } from '../core/managed-object.ts';
import type { World } from '../core/world.ts';

type Datastore = ManagedObject<'Datastore'>;

export interface DatastorePlan {
  readonly name: string;
  readonly type: 'VMFS' | 'NFS';
  readonly capacityBytes: number;
  /** Bytes taken by what is not listed; see files/store.ts. */
  readonly foreignBytes?: number;
  /** Its folder or pod. */
  readonly parent: AnyObject;
  readonly hosts: readonly AnyObject[];
  /** On one host's own disk. */
  readonly local?: boolean;
  /** Of NFS: `filer1.corp.example:/exports/iso`. */
  readonly remote?: string;
  readonly readOnly?: boolean;
}

const GIB = 1024 ** 3;
const TIB = 1024 * GIB;

export function buildDatastore(world: World, plan: DatastorePlan): Datastore {
  const { name, type, capacityBytes, foreignBytes, parent, hosts } = plan;
  const { objects, random } = world;
  const volume =
    type === 'VMFS'
      ? `${random.hex(8)}-${random.hex(8)}-${random.hex(4)}-${random.hex(12)}`
      : `${random.hex(8)}-${random.hex(8)}`;
  const id = world.kind === 'vcenter' ? objects.newId('datastore') : volume;
  const browser = objects.add('HostDatastoreBrowser', {}, `datastoreBrowser-${id}`);
  const datastore = objects.add('Datastore', { name, parent: parent.ref, browser: browser.ref, host: [] }, id);
  browser.set({ datastore: [datastore.ref] });
  world.files.add(datastore, { capacityBytes, ...(foreignBytes !== undefined && { foreignBytes }) });
  datastore.set({ info: infoOf(plan, volume), host: hosts.map((host) => mount(host, volume, plan.readOnly)) });
  return datastore;
}

function mount(host: AnyObject, volume: string, readOnly = false): DatastoreHostMount {
  return {
    key: host.ref,
    mountInfo: {
      path: `/vmfs/volumes/${volume}`,
      accessMode: readOnly ? 'readOnly' : 'readWrite',
      mounted: true,
      accessible: true,
    },
  };
}

const INFO = {
  freeSpace: 0,
  maxFileSize: 64 * TIB,
  maxVirtualDiskCapacity: 62 * TIB,
  maxMemoryFileSize: 64 * TIB,
  supportedVDiskFormats: ['native_4k', 'native_512'],
  logicalSectorSize: 512,
  physicalSectorSize: 512,
};

function infoOf(plan: DatastorePlan, volume: string): VmfsDatastoreInfo | NasDatastoreInfo {
  const { name, type, capacityBytes, local = false, remote = '' } = plan;
  const url = `ds:///vmfs/volumes/${volume}/`;
  if (type === 'NFS') {
    const [remoteHost = '', remotePath = ''] = remote.split(':');
    return {
      $type: 'NasDatastoreInfo',
      name,
      url,
      ...INFO,
      nas: {
        type: 'NFS',
        name,
        capacity: capacityBytes,
        remoteHost,
        remotePath,
        remoteHostNames: [remoteHost],
        securityType: 'AUTH_SYS',
        protocolEndpoint: false,
      },
    };
  }
  return {
    $type: 'VmfsDatastoreInfo',
    name,
    url,
    ...INFO,
    maxPhysicalRDMFileSize: 64 * TIB,
    maxVirtualRDMFileSize: 62 * TIB,
    vmfs: {
      type: 'VMFS',
      name,
      capacity: capacityBytes,
      blockSizeMb: 1,
      blockSize: 1024,
      unmapGranularity: 1024,
      unmapPriority: 'low',
      maxBlocks: 63_963_136,
      majorVersion: 6,
      version: '6.82',
      uuid: volume,
      extent: [{ diskName: `naa.6000${volume.replaceAll('-', '').slice(0, 28)}`, partition: 1 }],
      vmfsUpgradable: false,
      ssd: true,
      local,
    },
  };
}

const CAPABILITY: DatastoreCapability = {
  directoryHierarchySupported: true,
  rawDiskMappingsSupported: true,
  perFileThinProvisioningSupported: true,
  storageIORMSupported: true,
  nativeSnapshotSupported: false,
  topLevelDirectoryCreateSupported: true,
  seSparseSupported: true,
  vmfsSparseSupported: true,
  vsanSparseSupported: false,
  upitSupported: false,
  vmdkExpandSupported: true,
  clusteredVmdkSupported: false,
};
const NFS_CAPABILITY: DatastoreCapability = {
  ...CAPABILITY,
  rawDiskMappingsSupported: false,
  vmdkExpandSupported: false,
};

export function deriveDatastores(world: World): void {
  const { objects } = world;
  objects.derive('Datastore', 'summary', (datastore) => summaryOf(world, datastore));
  objects.derive('Datastore', 'capability', (datastore) =>
    datastore.get('info').$type === 'NasDatastoreInfo' ? NFS_CAPABILITY : CAPABILITY,
  );
  objects.derive('Datastore', 'iormConfiguration', () => ({
    enabled: false,
    congestionThresholdMode: 'automatic',
    congestionThreshold: 30,
    percentOfPeakThroughput: 90,
    statsCollectionEnabled: false,
    reservationEnabled: true,
  }));
  objects.derive('HostDatastoreBrowser', 'supportedType', () => BROWSED_TYPES);
  objects.derive('StoragePod', 'summary', (pod) => podSummary(world, pod));
  objects.derive('StoragePod', 'podStorageDrsEntry', () => ({ storageDrsConfig: STORAGE_DRS }));
}

const BROWSED_TYPES = [
  ...['FolderFileQuery', 'VmConfigFileQuery', 'TemplateConfigFileQuery', 'VmDiskFileQuery', 'VmLogFileQuery'],
  ...['VmNvramFileQuery', 'VmSnapshotFileQuery', 'IsoImageFileQuery', 'FloppyImageFileQuery'],
].map(($type) => ({ $type }));

function summaryOf(world: World, datastore: Datastore): DatastoreSummary {
  const tree = world.files.of(datastore);
  const mounts = datastore.get('host');
  const { url, $type } = datastore.get('info');
  return {
    datastore: datastore.ref,
    name: datastore.get('name'),
    url,
    capacity: tree.capacityBytes,
    freeSpace: tree.freeBytes(),
    uncommitted: tree.uncommittedBytes(),
    accessible: mounts.some(({ mountInfo }) => mountInfo.accessible),
    multipleHostAccess: mounts.length > 1,
    type: $type === 'NasDatastoreInfo' ? 'NFS' : 'VMFS',
    maintenanceMode: 'normal',
  };
}

function podSummary({ objects }: World, pod: ManagedObject<'StoragePod'>) {
  const members = pod.get('childEntity').map((ref) => objects.find(ref)?.as('Datastore')?.get('summary'));
  const sum = (field: 'capacity' | 'freeSpace') => members.reduce((total, each) => total + (each?.[field] ?? 0), 0);
  return { name: pod.get('name'), capacity: sum('capacity'), freeSpace: sum('freeSpace') };
}

/** A pod of datastores, which Storage DRS places disks on. */
export function buildStoragePod(world: World, name: string, parent: AnyObject): ManagedObject<'StoragePod'> {
  return world.objects.add('StoragePod', { name, parent: parent.ref, childType: ['Datastore'] });
}

const STORAGE_DRS: StorageDrsConfigInfo = {
  podConfig: {
    enabled: true,
    ioLoadBalanceEnabled: false,
    defaultVmBehavior: 'manual',
    loadBalanceInterval: 480,
    defaultIntraVmAffinity: true,
    spaceLoadBalanceConfig: {
      spaceThresholdMode: 'utilization',
      spaceUtilizationThreshold: 80,
      minSpaceUtilizationDifference: 5,
    },
    ioLoadBalanceConfig: {
      reservablePercentThreshold: 60,
      reservableThresholdMode: 'automated',
      ioLatencyThreshold: 15,
      ioLoadImbalanceThreshold: 5,
    },
  },
};
