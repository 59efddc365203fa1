/** Files as HostDatastoreBrowser tells them: by the type that their name and content say. */
import type {
  DataObjects,
  FileInfo,
  FileQuery,
  FileQueryFlags,
  VmConfigFileQuery,
  VmDiskFileInfo,
  VmDiskFileQuery,
  VmDiskFileQueryFlags,
} from '../../../src/vim25/generated/types.ts';
import type { FileEntry, VirtualDiskFile } from './tree.ts';

interface FileKind {
  readonly info: string & keyof DataObjects;
  readonly query: string & keyof DataObjects;
  readonly is: (entry: FileEntry) => boolean;
}

const named = (pattern: RegExp) => (entry: FileEntry) => entry.kind === 'file' && pattern.test(entry.name);
const HARDWARE_VERSION = 19;

const KINDS: readonly FileKind[] = [
  { info: 'FolderFileInfo', query: 'FolderFileQuery', is: ({ kind }) => kind === 'folder' },
  { info: 'VmDiskFileInfo', query: 'VmDiskFileQuery', is: (entry) => isDisk(entry) },
  { info: 'TemplateConfigFileInfo', query: 'TemplateConfigFileQuery', is: named(/\.vmtx$/i) },
  { info: 'VmConfigFileInfo', query: 'VmConfigFileQuery', is: named(/\.vmx$/i) },
  { info: 'IsoImageFileInfo', query: 'IsoImageFileQuery', is: named(/\.iso$/i) },
  { info: 'FloppyImageFileInfo', query: 'FloppyImageFileQuery', is: named(/\.flp$/i) },
  { info: 'VmLogFileInfo', query: 'VmLogFileQuery', is: named(/\.log$/i) },
  { info: 'VmNvramFileInfo', query: 'VmNvramFileQuery', is: named(/\.nvram$/i) },
  { info: 'VmSnapshotFileInfo', query: 'VmSnapshotFileQuery', is: named(/\.vmsn$/i) },
];

export interface Asked {
  readonly queries: readonly FileQuery[];
  readonly details: FileQueryFlags | undefined;
  readonly pathOf: (name: string) => string;
}

/** What is told of a file; undefined where no query asks for one like it. */
export function fileInfo(entry: FileEntry, { queries, details, pathOf }: Asked): FileInfo | undefined {
  const kind = KINDS.find(({ is }) => is(entry));
  const query = queries.find((each) => asksFor(each, kind));
  if (queries.length > 0 && !(query && passes(query, entry))) return undefined;
  // A disk's extents are the disk's own where disks are asked for.
  if (entry.extentOf && queries.some(({ $type }) => $type === 'VmDiskFileQuery')) return undefined;
  const general: FileInfo = {
    path: entry.name,
    ...(details?.fileSize && { fileSize: entry.size }),
    ...(details?.modification && { modification: new Date(entry.modified).toISOString() }),
    ...(details?.fileOwner && { owner: 'root' }),
  };
  const told = details?.fileType || (query && query.$type !== undefined && query.$type !== 'FileQuery');
  if (!kind || !told) return general;
  const flags = (query as VmDiskFileQuery | undefined)?.details;
  return {
    $type: kind.info,
    ...general,
    ...(entry.disk && flags && diskDetails(entry.name, entry.disk, flags, pathOf)),
    ...(kind.query === 'VmConfigFileQuery' &&
      (query as VmConfigFileQuery | undefined)?.details?.configVersion && { configVersion: HARDWARE_VERSION }),
  };
}

function isDisk({ kind, name, extentOf }: FileEntry): boolean {
  return kind === 'file' && /\.vmdk$/i.test(name) && !extentOf;
}

/** A plain FileQuery asks for every file, one of VM configurations for templates' too. */
function asksFor({ $type = 'FileQuery' }: FileQuery, kind: FileKind | undefined): boolean {
  if ($type === 'FileQuery') return true;
  return kind?.query === $type || ($type === 'VmConfigFileQuery' && kind?.query === 'TemplateConfigFileQuery');
}

function passes(query: FileQuery, { disk }: FileEntry): boolean {
  const filter = query.$type === 'VmDiskFileQuery' ? (query as VmDiskFileQuery).filter : undefined;
  const { thin, diskType, matchHardwareVersion, controllerType } = filter ?? {};
  if (thin !== undefined && disk?.thin !== thin) return false;
  if (diskType?.length && !(disk && diskType.includes(backingOf(disk)))) return false;
  if (matchHardwareVersion?.length && !matchHardwareVersion.includes(HARDWARE_VERSION)) return false;
  return !controllerType?.length || (disk !== undefined && controllerType.includes(controllerOf(disk)));
}

function diskDetails(
  name: string,
  disk: VirtualDiskFile,
  flags: VmDiskFileQueryFlags,
  pathOf: (name: string) => string,
): Partial<VmDiskFileInfo> {
  return {
    ...(flags.diskType && { diskType: backingOf(disk) }),
    ...(flags.capacityKb && { capacityKb: disk.capacityKb }),
    ...(flags.hardwareVersion && { hardwareVersion: HARDWARE_VERSION }),
    ...(flags.controllerType && { controllerType: controllerOf(disk) }),
    ...(flags.diskExtents && { diskExtents: [pathOf(name.replace(/\.vmdk$/, `-${disk.extent ?? 'flat'}.vmdk`))] }),
    ...(flags.thin && { thin: disk.thin }),
  };
}

function backingOf({ extent }: VirtualDiskFile): string {
  return extent === 'sesparse' ? 'VirtualDiskSeSparseBackingInfo' : 'VirtualDiskFlatVer2BackingInfo';
}

function controllerOf({ adapterType = 'lsiLogic' }: VirtualDiskFile): string {
  const controllers: Readonly<Record<string, string>> = {
    ide: 'VirtualIDEController',
    buslogic: 'VirtualBusLogicController',
    pvscsi: 'ParaVirtualSCSIController',
  };
  return controllers[adapterType.toLowerCase()] ?? 'VirtualLsiLogicController';
}
