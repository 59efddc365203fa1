/** Datastores: how full they are, and what lies on them. */
import type {
  FileInfo,
  FileQuery,
  HostDatastoreBrowserSearchResults,
  VmDiskFileQuery,
} from '../vim25/generated/types.ts';
import { formatDatastorePath } from './datastore-path.ts';
import { decodeName } from './names.ts';
import type { ObjectProperties, Reader } from './reader.ts';
import type { ManagedObjectReference } from './references.ts';
import type { Tasks } from './tasks.ts';
import { bytesToGb, percent } from './units.ts';
import { isUnreadable } from './unreadable.ts';

export interface DatastoreSummary {
  readonly ref: ManagedObjectReference;
  readonly id: string;
  readonly name: string;
  /** `VMFS`, `NFS`, `vsan`, … */
  readonly type: string | undefined;
  readonly capacityGb: number | undefined;
  readonly freeBytes: number | undefined;
  readonly freeGb: number | undefined;
  readonly usedGb: number | undefined;
  readonly usedPercent: number | undefined;
  /** Absent, as all but the name, where the account may not read the datastore. */
  readonly accessible: boolean | undefined;
  /** `normal`, `enteringMaintenance` or `inMaintenance`. */
  readonly maintenanceMode: string | undefined;
  readonly url: string | undefined;
  readonly vms: readonly ManagedObjectReference[] | undefined;
  readonly unreadable: boolean;
}

const SUMMARY_PATHS = ['name', 'summary', 'vm'] as const;

export async function listDatastores(
  reader: Reader,
  options?: { readonly within?: ManagedObjectReference },
): Promise<DatastoreSummary[]> {
  return (await reader.readAll('Datastore', SUMMARY_PATHS, options)).map(toSummary);
}

export async function readDatastore(reader: Reader, datastore: ManagedObjectReference): Promise<DatastoreSummary> {
  return toSummary(await reader.readOne('Datastore', datastore, SUMMARY_PATHS));
}

function toSummary(object: ObjectProperties<'Datastore', (typeof SUMMARY_PATHS)[number]>): DatastoreSummary {
  const { ref, props } = object;
  const { summary } = props;
  const unreadable = isUnreadable(object);
  const used = summary === undefined ? undefined : summary.capacity - summary.freeSpace;
  return {
    ref,
    id: ref.value,
    name: decodeName(props.name ?? ref.value),
    type: summary?.type,
    capacityGb: bytesToGb(summary?.capacity),
    freeBytes: summary?.freeSpace,
    freeGb: bytesToGb(summary?.freeSpace),
    usedGb: bytesToGb(used),
    usedPercent: percent(used, summary?.capacity),
    accessible: unreadable ? undefined : summary?.accessible === true,
    maintenanceMode: summary?.maintenanceMode,
    url: summary?.url,
    vms: unreadable ? undefined : (props.vm ?? []),
    unreadable,
  };
}

export interface DatastoreFile {
  readonly name: string;
  readonly type: 'folder' | 'disk' | 'config' | 'iso' | 'floppy' | 'log' | 'nvram' | 'snapshot' | 'template' | 'file';
  readonly sizeBytes: number | undefined;
  /** ISO 8601 */
  readonly modified: string | undefined;
  readonly diskType: string | undefined;
  readonly capacityKb: number | undefined;
  readonly hardwareVersion: number | undefined;
}

const FILE_TYPES: Readonly<Record<string, DatastoreFile['type']>> = {
  FolderFileInfo: 'folder',
  VmDiskFileInfo: 'disk',
  VmConfigFileInfo: 'config',
  IsoImageFileInfo: 'iso',
  FloppyImageFileInfo: 'floppy',
  VmLogFileInfo: 'log',
  VmNvramFileInfo: 'nvram',
  VmSnapshotFileInfo: 'snapshot',
  TemplateConfigFileInfo: 'template',
};

const DISKS: VmDiskFileQuery = {
  $type: 'VmDiskFileQuery',
  details: { diskType: true, capacityKb: true, hardwareVersion: true },
};

/** A file is told by the first query that fits it; the last one fits all. */
const FILE_QUERIES: readonly FileQuery[] = [
  { $type: 'FolderFileQuery' },
  DISKS,
  { $type: 'VmConfigFileQuery' },
  { $type: 'IsoImageFileQuery' },
  { $type: 'FloppyImageFileQuery' },
  { $type: 'VmLogFileQuery' },
  { $type: 'VmNvramFileQuery' },
  { $type: 'VmSnapshotFileQuery' },
  { $type: 'FileQuery' },
];

/**
 * What lies in one folder of a datastore, without what lies in its subfolders.
 *
 * @param path folder on the datastore, empty for its root
 */
export async function browseDatastore(
  vsphere: Reader & { readonly tasks: Tasks },
  datastore: ManagedObjectReference,
  path: string,
): Promise<DatastoreFile[]> {
  const { props } = await vsphere.readOne('Datastore', datastore, ['browser', 'name']);
  const task = await vsphere.call('SearchDatastore_Task', {
    _this: props.browser!,
    datastorePath: formatDatastorePath(decodeName(props.name ?? ''), path),
    searchSpec: {
      query: FILE_QUERIES,
      matchPattern: ['*'],
      details: { fileType: true, fileSize: true, modification: true, fileOwner: false },
      sortFoldersFirst: true,
    },
  });
  const { result } = await vsphere.tasks.wait(task);
  return filesOf(result as HostDatastoreBrowserSearchResults | undefined);
}

export function filesOf(result: HostDatastoreBrowserSearchResults | undefined): DatastoreFile[] {
  return (result?.file ?? []).map((file) => {
    const { $type, diskType, capacityKb, hardwareVersion } = file as FileInfo & {
      $type?: string;
      diskType?: string;
      capacityKb?: number;
      hardwareVersion?: number;
    };
    return {
      name: file.path,
      type: FILE_TYPES[$type ?? ''] ?? 'file',
      sizeBytes: file.fileSize,
      modified: file.modification,
      diskType,
      capacityKb,
      hardwareVersion,
    };
  });
}
