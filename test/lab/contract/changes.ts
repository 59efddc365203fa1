/** What is done to VMs, folders and files, and how it ends: the same on every server. */
import type { DataObjects } from '../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import { type Server, vmSpec } from './server.ts';

/** Asks a server something, and gives what must be the same everywhere. */
export type Question = (server: Server) => Promise<unknown>;

type PowerMethod = 'PowerOnVM_Task' | 'PowerOffVM_Task' | 'SuspendVM_Task' | 'ResetVM_Task';

const power =
  (...methods: readonly PowerMethod[]): Question =>
  async (server) => {
    const { ref } = await server.vm();
    const outcomes = [];
    for (const method of methods) outcomes.push(await server.outcome(() => server.call.call(method, { _this: ref })));
    const { props } = await server.call.readOne('VirtualMachine', ref, ['runtime.powerState']);
    return [...outcomes, props['runtime.powerState']];
  };

const snapshot = (server: Server, ref: ManagedObjectReference, name: string) =>
  server.task(() =>
    server.call.call('CreateSnapshot_Task', { _this: ref, name, description: '', memory: false, quiesce: false }),
  ) as Promise<ManagedObjectReference>;

async function treeOf(server: Server, ref: ManagedObjectReference): Promise<unknown> {
  type Tree = DataObjects['VirtualMachineSnapshotTree'];
  const names = (trees: readonly Tree[] = []): unknown =>
    trees.map((tree) => [tree.name, tree.state, names(tree.childSnapshotList)]);
  const { props } = await server.call.readOne('VirtualMachine', ref, ['snapshot']);
  return names(props.snapshot?.rootSnapshotList);
}

const reconfigure =
  (spec: Partial<DataObjects['VirtualMachineConfigSpec']>): Question =>
  async (server) => {
    const { ref } = await server.vm();
    const ended = await server.outcome(() =>
      server.call.call('ReconfigVM_Task', { _this: ref, spec: spec as DataObjects['VirtualMachineConfigSpec'] }),
    );
    const { props } = await server.call.readOne('VirtualMachine', ref, [
      'config.hardware.numCPU',
      'config.annotation',
      'name',
    ]);
    return [ended, props['config.hardware.numCPU'], props['config.annotation'] ?? ''];
  };

export const changes: Readonly<Record<string, Question>> = {
  'power on': power('PowerOnVM_Task'),
  'power on what is on': power('PowerOnVM_Task', 'PowerOnVM_Task'),
  'power off what is off': power('PowerOffVM_Task'),
  'suspend what is off': power('SuspendVM_Task'),
  'suspend, and power on again': power('PowerOnVM_Task', 'SuspendVM_Task', 'PowerOnVM_Task'),
  'power off what is suspended': power('PowerOnVM_Task', 'SuspendVM_Task', 'PowerOffVM_Task'),
  'reset what is off': power('ResetVM_Task'),
  'reset what is on': power('PowerOnVM_Task', 'ResetVM_Task'),

  'create a VM of a name that is taken': async (server) => {
    const { folder, pool, datastore } = server.place;
    const { name } = await server.vm();
    return server.outcome(() =>
      server.call.call('CreateVM_Task', { _this: folder, config: vmSpec(name, datastore), pool }),
    );
  },
  'rename a VM to a name that is taken': async (server) => {
    const [one, other] = [await server.vm(), await server.vm()];
    return server.outcome(() => server.call.call('Rename_Task', { _this: one.ref, newName: other.name }));
  },
  'destroy what is on': async (server) => {
    const { ref } = await server.vm();
    await server.task(() => server.call.call('PowerOnVM_Task', { _this: ref }));
    return server.outcome(() => server.call.call('Destroy_Task', { _this: ref }));
  },
  'ask about what was destroyed': async (server) => {
    const { ref } = await server.vm();
    const destroyed = await server.outcome(() => server.call.call('Destroy_Task', { _this: ref }));
    return [destroyed, await server.outcome(() => server.call.call('PowerOnVM_Task', { _this: ref }))];
  },
  'unregister what is off': async (server) => {
    const { ref } = await server.vm();
    const ended = await server.outcome(() => server.call.call('UnregisterVM', { _this: ref }));
    return [ended, await server.outcome(() => server.call.call('UnregisterVM', { _this: ref }))];
  },

  'snapshots below one another': async (server) => {
    const { ref } = await server.vm();
    for (const name of ['first', 'second', 'third']) await snapshot(server, ref, name);
    return treeOf(server, ref);
  },
  'a snapshot after a revert': async (server) => {
    const { ref } = await server.vm();
    const first = await snapshot(server, ref, 'first');
    await snapshot(server, ref, 'second');
    const reverted = await server.outcome(() => server.call.call('RevertToSnapshot_Task', { _this: first }));
    await snapshot(server, ref, 'beside');
    return [reverted, await treeOf(server, ref)];
  },
  'remove a snapshot, its children stay': async (server) => {
    const { ref } = await server.vm();
    const first = await snapshot(server, ref, 'first');
    await snapshot(server, ref, 'second');
    await snapshot(server, ref, 'third');
    const removed = await server.outcome(() =>
      server.call.call('RemoveSnapshot_Task', { _this: first, removeChildren: false }),
    );
    return [removed, await treeOf(server, ref)];
  },
  'remove every snapshot': async (server) => {
    const { ref } = await server.vm();
    await snapshot(server, ref, 'first');
    await snapshot(server, ref, 'second');
    return [
      await server.outcome(() => server.call.call('RemoveAllSnapshots_Task', { _this: ref })),
      await treeOf(server, ref),
    ];
  },
  'revert to the current of no snapshots': async (server) => {
    const { ref } = await server.vm();
    return server.outcome(() => server.call.call('RevertToCurrentSnapshot_Task', { _this: ref }));
  },

  'clone, then clone to the same name': async (server) => {
    const { ref } = await server.vm();
    const { folder, pool } = server.place;
    const spec = { location: { pool }, powerOn: false, template: false };
    const clone = () => server.call.call('CloneVM_Task', { _this: ref, folder, name: 'contract-clone', spec });
    return [await server.outcome(clone), await server.outcome(clone)];
  },
  'mark as template, and power that on': async (server) => {
    const { ref } = await server.vm();
    const marked = await server.outcome(() => server.call.call('MarkAsTemplate', { _this: ref }));
    const { props } = await server.call.readOne('VirtualMachine', ref, ['config.template']);
    return [
      marked,
      props['config.template'],
      await server.outcome(() => server.call.call('PowerOnVM_Task', { _this: ref })),
    ];
  },
  'mark as template what is on': async (server) => {
    const { ref } = await server.vm();
    await server.task(() => server.call.call('PowerOnVM_Task', { _this: ref }));
    return server.outcome(() => server.call.call('MarkAsTemplate', { _this: ref }));
  },

  'reconfigure size and notes': reconfigure({ numCPUs: 2, annotation: 'as asked' }),
  'reconfigure by an old version': reconfigure({ changeVersion: '2001-01-01T00:00:00Z', annotation: 'late' }),
  'remove a device that is not there': reconfigure({
    deviceChange: [{ operation: 'remove', device: { $type: 'VirtualDisk', key: 9999, capacityInKB: 1 } }],
  } as never),
  'add a CD drive': reconfigure({
    deviceChange: [
      {
        operation: 'add',
        device: {
          $type: 'VirtualCdrom',
          key: -1,
          controllerKey: 200,
          unitNumber: 0,
          backing: { $type: 'VirtualCdromRemotePassthroughBackingInfo', deviceName: '', exclusive: false },
        },
      },
    ],
  } as never),

  'make a folder, and one of the same name': async (server) => {
    const make = () => server.call.call('CreateFolder', { _this: server.place.folder, name: 'contract-folder' });
    return [await server.outcome(make), await server.outcome(make)];
  },
  'rename a folder to nothing': async (server) =>
    server.outcome(() => server.call.call('Rename_Task', { _this: server.place.folder, newName: '' })),

  'make a folder of files twice, list it, delete it twice': async (server) => {
    const { fileManager } = server.call.content;
    const { datacenter, datastore, datastoreRef } = server.place;
    const name = `[${datastore}] contract-files`;
    const make = () =>
      server.call.call('MakeDirectory', { _this: fileManager!, name, datacenter, createParentDirectories: false });
    const remove = () => server.call.call('DeleteDatastoreFile_Task', { _this: fileManager!, name, datacenter });
    const { props } = await server.call.readOne('Datastore', datastoreRef, ['browser']);
    const list = (datastorePath: string) => () =>
      server.call.call('SearchDatastore_Task', { _this: props.browser!, datastorePath });
    return [
      await server.outcome(make),
      await server.outcome(make),
      await server.outcome(list(name)),
      await server.outcome(remove),
      await server.outcome(remove),
      await server.outcome(list(name)),
      await server.outcome(list('no brackets')),
    ];
  },
  'copy and move files that are not there': async (server) => {
    const { fileManager } = server.call.content;
    const { datacenter, datastore } = server.place;
    const request = {
      _this: fileManager!,
      sourceName: `[${datastore}] no-such-file`,
      sourceDatacenter: datacenter,
      destinationName: `[${datastore}] elsewhere`,
      destinationDatacenter: datacenter,
      force: false,
    };
    return [
      await server.outcome(() => server.call.call('CopyDatastoreFile_Task', request)),
      await server.outcome(() => server.call.call('MoveDatastoreFile_Task', request)),
    ];
  },
};
