/** HostDatastoreBrowser: searches datastores. */
import type {
  FileInfo,
  HostDatastoreBrowserSearchResults,
  HostDatastoreBrowserSearchSpec,
} from '../../../src/vim25/generated/types.ts';
import { invalidArgument, objectNotFound } from '../core/faults.ts';
import type { ManagedObject } from '../core/managed-object.ts';
import type { Call, MethodTable } from '../core/method.ts';
import { demand } from '../core/privileges.ts';
import { invalidDatastore } from './faults.ts';
import { fileInfo } from './file-info.ts';
import { matchesGlob } from './glob.ts';
import { type Located, located, parseDatastorePath } from './locate.ts';
import type { FileEntry } from './tree.ts';

type Request = { readonly datastorePath: string; readonly searchSpec?: HostDatastoreBrowserSearchSpec };

export const datastoreBrowserMethods: MethodTable = {
  SearchDatastore_Task: (call) =>
    startSearch(call, 'SearchDatastore_Task', 'search', (start) => searchFolder(start, call.request.searchSpec ?? {})),
  SearchDatastoreSubFolders_Task: (call) =>
    startSearch(call, 'SearchDatastoreSubFolders_Task', 'searchSubFolders', (start) => ({
      $type: 'ArrayOfHostDatastoreBrowserSearchResults',
      items: searchBelow(start, call.request.searchSpec ?? {}),
    })),
};

function startSearch(call: Call<Request>, name: string, id: string, search: (start: Located) => unknown) {
  const { world, session, self, request } = call;
  const browser = self.as('HostDatastoreBrowser');
  if (!browser) throw objectNotFound(self.ref);
  const { datastore: named, path } = parseDatastorePath(request.datastorePath);
  if (request.searchSpec?.matchPattern?.some((pattern) => pattern.length > 1024)) throw invalidArgument('searchSpec');
  const datastore = (browser.get('datastore') ?? [])
    .map((ref) => world.objects.get<'Datastore'>(ref))
    .find((each) => each.get('name') === named);
  if (!datastore) throw invalidDatastore(named);
  demand(session, 'Datastore.Browse', datastore);
  const start = located(world, datastore as ManagedObject<'Datastore'>, path);
  return world.tasks.start(call, {
    name,
    descriptionId: `host.DatastoreBrowser.${id}`,
    entity: datastore,
    locks: [],
    run: () => search(start),
  });
}

function searchFolder(
  { datastore, files, path, text }: Located,
  {
    query = [],
    details,
    matchPattern = [],
    searchCaseInsensitive = false,
    sortFoldersFirst = false,
  }: HostDatastoreBrowserSearchSpec,
): HostDatastoreBrowserSearchResults & { $type: 'HostDatastoreBrowserSearchResults' } {
  const fold = (name: string) => (searchCaseInsensitive ? name.toLowerCase() : name);
  const patterns = matchPattern.map(fold);
  const matches = ({ name }: FileEntry) =>
    patterns.length === 0 || patterns.some((pattern) => matchesGlob(pattern, fold(name)));
  const asked = { queries: query, details, pathOf: (name: string) => files.pathOf(below(path, name)) };
  const file: FileInfo[] = files
    .list(path)
    .filter(matches)
    .sort((a, b) => (sortFoldersFirst ? rank(a) - rank(b) : 0) || (a.name < b.name ? -1 : 1))
    .flatMap((entry) => fileInfo(entry, asked) ?? []);
  return {
    $type: 'HostDatastoreBrowserSearchResults',
    datastore: datastore.ref,
    folderPath: path === '' ? text.trimEnd() : `${text}/`,
    ...(file.length > 0 && { file }),
  };
}

function searchBelow(start: Located, spec: HostDatastoreBrowserSearchSpec): HostDatastoreBrowserSearchResults[] {
  const found = [searchFolder(start, spec)];
  for (const { kind, name } of start.files.list(start.path)) {
    if (kind !== 'folder') continue;
    const path = below(start.path, name);
    found.push(...(searchBelow({ ...start, path, text: start.files.pathOf(path) }, spec) as typeof found));
  }
  return found;
}

function rank({ kind }: FileEntry): number {
  return kind === 'folder' ? 0 : 1;
}

function below(path: string, name: string): string {
  return path === '' ? name : `${path}/${name}`;
}
