import { expect } from 'vitest';
import { type Args, BAD_CURSOR, missing, refOf, type Stage, type ToolCases } from './case.ts';

const usable = (stage: Stage) =>
  stage.first('Datastore', (each) => each.get('summary').accessible && each.get('vm').length > 0);
const portGroup = (stage: Stage) => stage.first('DistributedVirtualPortgroup', (each) => each.get('vm').length > 0);
const GB = 1024 ** 3;

export const storageAndNetworkCases: ToolCases = {
  list_datastores: {
    async works(stage) {
      const { datastores } = await stage.run('list_datastores');
      const there = [...stage.world.objects.all('Datastore')];
      expect(datastores).toHaveLength(there.length);
      for (const datastore of there) {
        const { type, capacity, accessible } = datastore.get('summary');
        const listed = datastores.find(({ id }: Args) => id === datastore.id);
        expect(listed).toMatchObject({ name: datastore.get('name'), type, accessible });
        if (accessible) expect(listed.capacity_gb).toBeCloseTo(Number(capacity) / GB, 1);
      }
    },
    fails: BAD_CURSOR,
    denied: { args: {} },
  },
  get_datastore_info: {
    async works(stage) {
      const datastore = usable(stage);
      const { freeSpace, url } = datastore.get('summary');
      const said = await stage.run('get_datastore_info', { name: datastore.id });
      expect(said).toMatchObject({ ...refOf(datastore), url, vm_count: datastore.get('vm').length });
      expect(said.free_gb).toBeCloseTo(Number(freeSpace) / GB, 1);
    },
    fails: missing('name'),
    denied: { args: (stage) => ({ name: usable(stage).id }) },
  },
  browse_datastore: {
    async works(stage) {
      const vm = stage.vm('poweredOff');
      const [, name, folder] = /^\[(.*?)\] (.*)\/[^/]+$/.exec(vm.get('config')!.files.vmPathName!)!;
      const datastore = stage.first('Datastore', (each) => each.get('name') === name);
      const said = await stage.run('browse_datastore', { datastore: datastore.id, path: folder });
      const names = said.files.map((file: Args) => file.name);
      expect(names).toContain(vm.get('config')!.files.vmPathName!.split('/').at(-1));
      expect(names.some((file: string) => file.endsWith('.vmdk'))).toBe(true);
    },
    fails: { args: (stage) => ({ datastore: usable(stage).id, path: 'no-such-thing' }), code: 'NOT_FOUND' },
    denied: { args: (stage) => ({ datastore: usable(stage).id }), without: 'Datastore.Browse' },
  },
  list_networks: {
    async works(stage) {
      const { networks } = await stage.run('list_networks');
      const there = [...stage.world.objects.all('Network')];
      expect(networks).toHaveLength(there.length);
      for (const network of there) {
        expect(networks).toContainEqual(
          expect.objectContaining({
            ...refOf(network),
            vm_count: network.get('vm').length,
            host_count: network.get('host').length,
          }),
        );
      }
    },
    fails: BAD_CURSOR,
    denied: { args: {} },
  },
  get_network_info: {
    async works(stage) {
      const group = portGroup(stage);
      const { numPorts, distributedVirtualSwitch } = group.get('config');
      const lies = stage.world.objects.get(distributedVirtualSwitch!, 'VmwareDistributedVirtualSwitch');
      expect(await stage.run('get_network_info', { name: group.id })).toMatchObject({
        ...refOf(group),
        num_ports: numPorts,
        switch: lies.get('name'),
        vm_count: group.get('vm').length,
      });
    },
    fails: missing('name'),
    denied: { args: (stage) => ({ name: portGroup(stage).id }) },
  },
};
