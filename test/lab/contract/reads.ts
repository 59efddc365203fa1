/** What is read, and what reading answers to mistakes: the same on every server. */
import { connectTo } from '../../vim25/connect.ts';
import type { Question } from './changes.ts';
import type { Server } from './server.ts';

const byView = (view: { type: string; value: string }, type: string, pathSet: readonly string[]) => ({
  propSet: [{ type, pathSet: [...pathSet] }],
  objectSet: [
    {
      obj: view,
      skip: true,
      selectSet: [{ $type: 'TraversalSpec' as const, type: 'ContainerView', path: 'view', skip: false }],
    },
  ],
});

const readingPaths =
  (...pathSet: readonly string[]): Question =>
  async (server) => {
    const { ref } = await server.vm();
    const { propertyCollector: _this } = server.call.content;
    return server.outcome(() =>
      server.call.call('RetrievePropertiesEx', {
        _this,
        specSet: [{ propSet: [{ type: 'VirtualMachine', pathSet: [...pathSet] }], objectSet: [{ obj: ref }] }],
        options: {},
      }),
    );
  };

async function updatesOf(server: Server, action: (name: string) => Promise<unknown>): Promise<unknown> {
  const { client } = server;
  const { ref, name } = await server.vm();
  const _this = await client.call('CreatePropertyCollector', { _this: client.serviceContent.propertyCollector });
  const spec = {
    propSet: [{ type: 'VirtualMachine', pathSet: ['name', 'runtime.powerState', 'summary.config.name'] }],
    objectSet: [{ obj: ref }],
  };
  await client.call('CreateFilter', { _this, spec, partialUpdates: false });
  const told: unknown[] = [];
  let version = '';
  const wait = async () => {
    const set = await client.call('WaitForUpdatesEx', { _this, version, options: { maxWaitSeconds: 1 } });
    version = set?.version ?? version;
    for (const { objectSet } of set?.filterSet ?? []) {
      for (const { kind, changeSet } of objectSet ?? []) {
        told.push([kind, (changeSet ?? []).map((change) => `${change.op} ${change.name}`).sort()]);
      }
    }
  };
  await wait();
  await action(ref.value);
  await server.task(() => server.call.call('Rename_Task', { _this: ref, newName: `${name}-told` }));
  await wait();
  await client.call('DestroyPropertyCollector', { _this });
  return told;
}

export const reads: Readonly<Record<string, Question>> = {
  'log in with another password': async ({ address }) => {
    const refused = await connectTo({ ...address, password: 'wrong' }).catch((error: { faultType?: string }) => error);
    return (refused as { faultType?: string }).faultType;
  },
  'log out and ask on': async ({ address }) => {
    const client = await connectTo(address);
    await client.call('Logout', { _this: client.serviceContent.sessionManager! });
    // The client logs in again by itself.
    const time = await client.call('CurrentTime', { _this: { type: 'ServiceInstance', value: 'ServiceInstance' } });
    await client.close();
    return typeof time;
  },

  'read a property that no VM has': readingPaths('name', 'nonsense'),
  'read a property that no field has': readingPaths('config.nonsense'),
  'read an empty path': readingPaths(''),
  'read what is there': readingPaths('name', 'config.hardware.device', 'runtime', 'guest', 'summary'),

  'read an object that never was': async (server) =>
    server.outcome(() =>
      server.call.call('RetrievePropertiesEx', {
        _this: server.call.content.propertyCollector,
        specSet: [
          {
            propSet: [{ type: 'VirtualMachine', pathSet: ['name'] }],
            objectSet: [{ obj: { type: 'VirtualMachine', value: 'vm-999999' } }],
          },
        ],
        options: {},
      }),
    ),
  'go on at a page that never was': async (server) =>
    server.outcome(() =>
      server.call.call('ContinueRetrievePropertiesEx', {
        _this: server.call.content.propertyCollector,
        token: 'made up',
      }),
    ),
  'read in pages': async (server) => {
    const { propertyCollector: _this, rootFolder } = server.call.content;
    const view = await server.call.call('CreateContainerView', {
      _this: server.call.content.viewManager!,
      container: rootFolder,
      type: ['VirtualMachine'],
      recursive: true,
    });
    const specSet = [byView(view, 'VirtualMachine', ['name'])];
    const first = await server.call.call('RetrievePropertiesEx', { _this, specSet, options: { maxObjects: 2 } });
    const second = await server.call.call('ContinueRetrievePropertiesEx', { _this, token: first!.token! });
    const rest = [];
    for (let { token } = second; token; ) {
      const page = await server.call.call('ContinueRetrievePropertiesEx', { _this, token });
      rest.push(page.objects.length);
      token = page.token;
    }
    await server.call.call('DestroyView', { _this: view });
    return [first?.objects.length, second.objects.length, rest.every((count) => count <= 2)];
  },
  'a view of a type that is none': async (server) =>
    server.outcome(() =>
      server.call.call('CreateContainerView', {
        _this: server.call.content.viewManager!,
        container: server.call.content.rootFolder,
        type: ['Nonsense'],
        recursive: true,
      }),
    ),
  'a view of what is not there': async (server) =>
    server.outcome(() =>
      server.call.call('CreateContainerView', {
        _this: server.call.content.viewManager!,
        container: { type: 'Folder', value: 'group-v999999' },
        type: ['VirtualMachine'],
        recursive: true,
      }),
    ),
  'destroy a view twice': async (server) => {
    const view = await server.call.call('CreateContainerView', {
      _this: server.call.content.viewManager!,
      container: server.call.content.rootFolder,
      type: [],
      recursive: false,
    });
    const destroy = () => server.client.call('DestroyView', { _this: view });
    return [await server.outcome(destroy), await server.outcome(destroy)];
  },

  'wait for a change of a name': (server) => updatesOf(server, async () => {}),
  'wait from a version that never was': async (server) => {
    const { client } = server;
    const _this = await client.call('CreatePropertyCollector', { _this: client.serviceContent.propertyCollector });
    return server.outcome(() =>
      client.call('WaitForUpdatesEx', { _this, version: 'made up', options: { maxWaitSeconds: 0 } }),
    );
  },
  'wait where nothing changes': async (server) => {
    const { client } = server;
    const { ref } = await server.vm();
    const _this = await client.call('CreatePropertyCollector', { _this: client.serviceContent.propertyCollector });
    const spec = { propSet: [{ type: 'VirtualMachine', pathSet: ['name'] }], objectSet: [{ obj: ref }] };
    await client.call('CreateFilter', { _this, spec, partialUpdates: false });
    const first = await client.call('WaitForUpdatesEx', { _this, version: '', options: { maxWaitSeconds: 1 } });
    const second = await client.call('WaitForUpdatesEx', {
      _this,
      version: first!.version,
      options: { maxWaitSeconds: 0 },
    });
    return [first?.filterSet?.length, second];
  },
  'a filter on what is not there': async (server) => {
    const { client } = server;
    const _this = await client.call('CreatePropertyCollector', { _this: client.serviceContent.propertyCollector });
    const obj = { type: 'VirtualMachine', value: 'vm-999999' };
    const spec = { propSet: [{ type: 'VirtualMachine', pathSet: ['name'] }], objectSet: [{ obj }] };
    return server.outcome(() => client.call('CreateFilter', { _this, spec, partialUpdates: false }));
  },

  'find by path, by name and by identity': async (server) => {
    const { ref, name } = await server.vm();
    const { searchIndex: _this } = server.call.content;
    const { props } = await server.call.readOne('VirtualMachine', ref, ['config.uuid', 'config.instanceUuid']);
    const found = [
      await server.call.call('FindByInventoryPath', { _this: _this!, inventoryPath: `DC0/vm/${name}` }),
      await server.call.call('FindByInventoryPath', { _this: _this!, inventoryPath: `/DC0/vm/${name}/` }),
      await server.call.call('FindChild', { _this: _this!, entity: server.place.folder, name }),
      await server.call.call('FindByUuid', { _this: _this!, uuid: props['config.uuid']!, vmSearch: true }),
      await server.call.call('FindByUuid', {
        _this: _this!,
        uuid: props['config.instanceUuid']!,
        vmSearch: true,
        instanceUuid: true,
      }),
    ];
    const nothing = await server.call.call('FindByInventoryPath', { _this: _this!, inventoryPath: '/no/such/thing' });
    return [...found.map((each) => each?.value === ref.value), nothing];
  },

  'what a task tells of itself': async (server) => {
    const { ref, name } = await server.vm();
    const started = await server.call.call('PowerOnVM_Task', { _this: ref });
    const info = await server.call.tasks.wait(started);
    return {
      descriptionId: info.descriptionId,
      entity: info.entity?.value === ref.value,
      entityName: info.entityName === name,
      state: info.state,
      times: [info.queueTime, info.startTime, info.completeTime].every(
        (time) => !Number.isNaN(Date.parse(String(time))),
      ),
      reason: info.reason.$type,
    };
  },
  'what events a VM leaves': async (server) => {
    const { ref } = await server.vm();
    const { call } = server;
    await server.task(() => call.call('PowerOnVM_Task', { _this: ref }));
    await server.task(() => call.call('PowerOffVM_Task', { _this: ref }));
    const events = await call.call('QueryEvents', {
      _this: call.content.eventManager!,
      filter: { entity: { entity: ref, recursion: 'self' } },
    });
    return events.map(({ $type }) => $type);
  },
  'what fields an event has': async (server) => {
    const { ref } = await server.vm();
    await server.task(() => server.call.call('PowerOnVM_Task', { _this: ref }));
    const events = await server.call.call('QueryEvents', {
      _this: server.call.content.eventManager!,
      filter: { entity: { entity: ref, recursion: 'self' }, eventTypeId: ['VmCreatedEvent'] },
    });
    return Object.keys(events[0] ?? {}).sort();
  },
  'what devices a new VM has': async (server) => {
    const { ref } = await server.vm();
    const { props } = await server.call.readOne('VirtualMachine', ref, ['config.hardware.device']);
    return (props['config.hardware.device'] ?? []).map(({ $type, key }) => `${$type} ${key}`).sort();
  },
  'what labels its disk and controller have': async (server) => {
    const { ref } = await server.vm();
    const { props } = await server.call.readOne('VirtualMachine', ref, ['config.hardware.device']);
    return (props['config.hardware.device'] ?? [])
      .filter(({ $type }) => $type === 'VirtualDisk' || $type === 'ParaVirtualSCSIController')
      .map(({ $type, deviceInfo, controllerKey, unitNumber }) => [$type, deviceInfo?.label, controllerKey, unitNumber]);
  },
};
