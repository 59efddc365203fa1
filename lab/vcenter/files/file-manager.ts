/** FileManager: folders, and whole files moved about and away. */
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import { invalidArgument } from '../core/faults.ts';
import type { Call, MethodTable } from '../core/method.ts';
import { demand } from '../core/privileges.ts';
import type { TaskPlan } from '../core/tasks.ts';
import { fileNotWritable } from './faults.ts';
import { refuseInUse } from './in-use.ts';
import { existing, isReadOnly, type Located, locate } from './locate.ts';

export const PRIVILEGE = 'Datastore.FileManagement';

export const fileManagerMethods: MethodTable = {
  MakeDirectory: (call) => {
    const { name, datacenter, createParentDirectories = false } = call.request;
    const { files, path } = managed(call, name, datacenter);
    files.makeFolder(path, { parents: createParentDirectories });
  },
  DeleteDatastoreFile_Task: (call) => {
    const target = managed(call, call.request.name, call.request.datacenter);
    return start(call, 'DeleteDatastoreFile_Task', 'deleteFile', target, () => {
      existing(target);
      refuseInUse(call.world, target);
      target.files.remove(target.path);
      post(call, 'DatastoreFileDeletedEvent', 'Deletion', target);
    });
  },
  MoveDatastoreFile_Task: (call) =>
    transfer(call, 'MoveDatastoreFile_Task', 'moveFile', (source, target, force) => {
      refuseInUse(call.world, source);
      source.files.move(source.path, target.path, { into: target.files, force });
      post(call, 'DatastoreFileMovedEvent', 'Move', target, source);
    }),
  CopyDatastoreFile_Task: (call) =>
    transfer(call, 'CopyDatastoreFile_Task', 'copyFile', (source, target, force) => {
      source.files.copy(source.path, target.path, { into: target.files, force });
      post(call, 'DatastoreFileCopiedEvent', 'Copy', target, source);
    }),
};

interface Transfer {
  readonly sourceName: string;
  readonly sourceDatacenter?: ManagedObjectReference;
  readonly destinationName: string;
  readonly destinationDatacenter?: ManagedObjectReference;
  readonly force?: boolean;
}

/** The destination's datacenter is the source's where it is left out. */
function transfer(
  call: Call<Transfer>,
  name: string,
  id: string,
  run: (source: Located, target: Located, force: boolean) => void,
): ManagedObjectReference {
  const { sourceName, sourceDatacenter, destinationName, force = false } = call.request;
  const source = managed(call, sourceName, sourceDatacenter, 'sourceDatacenter');
  const target = managed(
    call,
    destinationName,
    call.request.destinationDatacenter ?? sourceDatacenter,
    'destinationDatacenter',
  );
  return start(call, name, id, target, () => {
    existing(source);
    if (force && target.files.stat(target.path)) refuseInUse(call.world, target);
    run(source, target, force);
  });
}

/** Errors: those of `locate`, NoPermission, InvalidArgument for the root. */
export function managed(
  { world, session }: Pick<Call, 'world' | 'session'>,
  name: string,
  datacenter: ManagedObjectReference | undefined,
  parameter?: string,
): Located {
  const found = locate(world, name, datacenter, parameter);
  demand(session, PRIVILEGE, found.datastore);
  if (isReadOnly(found.datastore)) throw fileNotWritable(found.text);
  if (found.path === '') throw invalidArgument('name');
  return found;
}

function start(call: Call, name: string, id: string, { datastore }: Located, run: TaskPlan['run']) {
  return call.world.tasks.start(call, {
    name,
    descriptionId: `FileManager.${id}`,
    entity: datastore,
    locks: [],
    run,
  });
}

function post(
  { world, session }: Call,
  type: 'DatastoreFileDeletedEvent' | 'DatastoreFileMovedEvent' | 'DatastoreFileCopiedEvent',
  verb: string,
  target: Located,
  source?: Located,
): void {
  const from = source ? `from ${source.text} to ${target.text}` : target.text;
  world.events.post(type, {
    user: session.account?.name ?? '',
    entity: target.datastore,
    message: `${verb} of file or directory ${from} was initiated by ${session.account?.name} and completed with status 'Success'`,
    fields: {
      datastore: eventArgument(target),
      targetFile: target.text,
      ...(source && { sourceFile: source.text, sourceDatastore: eventArgument(source) }),
    },
  });
}

function eventArgument({ datastore, files }: Located) {
  return { datastore: datastore.ref, name: files.datastoreName };
}
