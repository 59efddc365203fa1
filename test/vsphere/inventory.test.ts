import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';
import { type Connected, connect, failure, makeFolder, makeVm } from './connect.ts';

describe.skipIf(!(await vcsimAvailable()))('the inventory of a vCenter with two datacenters', () => {
  let vcsim: Vcsim;
  let server: Connected;

  beforeAll(async () => {
    vcsim = await startVcsim({ dc: 2, cluster: 1, host: 2, vm: 2, pool: 1, app: 1 });
    server = await connect(vcsim);
    const prod = await makeFolder(server.call, 'prod');
    const web = await makeFolder(server.call, 'web', prod);
    const test = await makeFolder(server.call, 'test');
    await makeVm(server.call, 'twin', { folder: web });
    await makeVm(server.call, 'twin', { folder: test });
    await makeVm(server.call, 'deep', { folder: web });
    await makeVm(server.call, 'a/b\\c', { folder: test });
    await makeVm(server.call, '100%', { folder: test });
    await makeVm(server.call, 'tab\there', { folder: test });
    await makeVm(server.call, 'vm-99999', { folder: test });
  });

  afterAll(async () => {
    await server?.close();
    await vcsim?.stop();
  });

  it('finds a VM by its exact name and says where it is', async () => {
    const vm = await server.call.inventory.find('VirtualMachine', 'deep');
    expect(vm).toMatchObject({ type: 'VirtualMachine', name: 'deep', path: '/DC0/vm/prod/web/deep' });
    expect(vm.id).toBe(vm.ref.value);
  });

  it('finds the same VM by path and by id', async () => {
    const byName = await server.call.inventory.find('VirtualMachine', 'deep');
    expect(await server.call.inventory.find('VirtualMachine', '/DC0/vm/prod/web/deep')).toEqual(byName);
    expect(await server.call.inventory.find('VirtualMachine', 'DC0/vm/prod/web/deep')).toEqual(byName);
    expect(await server.call.inventory.find('VirtualMachine', byName.id)).toEqual(byName);
  });

  it('takes a name that looks like an id for a name when no such id exists', async () => {
    const vm = await server.call.inventory.find('VirtualMachine', 'vm-99999');
    expect(vm.path).toBe('/DC0/vm/test/vm-99999');
  });

  it('refuses a name that two VMs have, and lists their paths and ids', async () => {
    const { code, message } = await failure(server.call.inventory.find('VirtualMachine', 'twin'));
    expect(code).toBe('AMBIGUOUS');
    expect(message).toContain('/DC0/vm/prod/web/twin (vm-');
    expect(message).toContain('/DC0/vm/test/twin (vm-');
  });

  it('tells the twins apart by path', async () => {
    const one = await server.call.inventory.find('VirtualMachine', '/DC0/vm/prod/web/twin');
    const other = await server.call.inventory.find('VirtualMachine', '/DC0/vm/test/twin');
    expect(one.id).not.toBe(other.id);
  });

  it('reads and finds names with slashes, backslashes, percent signs and control characters', async () => {
    for (const name of ['a/b\\c', 'tab\there']) {
      const vm = await server.call.inventory.find('VirtualMachine', name);
      expect(vm.name).toBe(name);
      expect(await server.call.inventory.find('VirtualMachine', vm.path)).toEqual(vm);
    }
    const vm = await server.call.inventory.find('VirtualMachine', 'a/b\\c');
    expect(vm.path).toBe('/DC0/vm/test/a%2fb\\c');
    expect((await server.call.inventory.find('VirtualMachine', '100%')).path).toBe('/DC0/vm/test/100%');
  });

  it('never acts on a near match, but names it', async () => {
    const { code, message } = await failure(server.call.inventory.find('VirtualMachine', 'DEEP'));
    expect(code).toBe('NOT_FOUND');
    expect(message).toContain('"deep"');
    const byPath = await failure(server.call.inventory.find('VirtualMachine', '/DC0/vm/prod/web/Deep'));
    expect(byPath).toMatchObject({ code: 'NOT_FOUND', message: expect.stringContaining('"deep"') });
  });

  it('says what a path is when it is of another kind', async () => {
    const { code, message } = await failure(server.call.inventory.find('VirtualMachine', '/DC0/vm/prod'));
    expect(code).toBe('INVALID_INPUT');
    expect(message).toBe('"/DC0/vm/prod" is a folder, not a VM.');
  });

  it.each([
    ['HostSystem', 'DC0_C0_H0', '/DC0/host/DC0_C0/DC0_C0_H0'],
    ['ClusterComputeResource', 'DC1_C0', '/DC1/host/DC1_C0'],
    ['Network', 'DC0_DVPG0', '/DC0/network/DC0_DVPG0'],
    ['ResourcePool', 'DC0_C0_RP1', '/DC0/host/DC0_C0/Resources/DC0_C0_RP1'],
    ['Datacenter', 'DC1', '/DC1'],
    ['Folder', 'prod', '/DC0/vm/prod'],
  ] as const)('finds a %s by name, path and id', async (kind, name, path) => {
    const object = await server.call.inventory.find(kind, name);
    expect(object).toMatchObject({ name, path });
    expect(await server.call.inventory.find(kind, path)).toEqual(object);
    expect(await server.call.inventory.find(kind, object.id)).toEqual(object);
  });

  it('tells a distributed port group from a plain network', async () => {
    expect((await server.call.inventory.find('Network', 'DC0_DVPG0')).type).toBe('DistributedVirtualPortgroup');
    expect((await server.call.inventory.find('Network', '/DC1/network/VM Network')).type).toBe('Network');
  });

  it('finds a VM in a vApp by the path it shows', async () => {
    const all = await server.call.inventory.list('VirtualMachine');
    const inApp = all.find(({ name }) => name.includes('APP'))!;
    expect(await server.call.inventory.find('VirtualMachine', inApp.path)).toEqual(inApp);
    expect(await server.call.inventory.find('VirtualMachine', inApp.name)).toEqual(inApp);
  });

  it('refuses a name that each datacenter has', async () => {
    const { code, message } = await failure(server.call.inventory.find('Folder', 'vm'));
    expect(code).toBe('AMBIGUOUS');
    expect(message).toMatch(/\/DC0\/vm \(.*\/DC1\/vm \(/);
  });

  it('asks which host when there are several, and lists them', async () => {
    const { code, message } = await failure(server.call.inventory.host());
    expect(code).toBe('AMBIGUOUS');
    expect(message).toContain('DC0_C0_H0');
    expect(message).toContain('DC1_H0');
    expect((await server.call.inventory.host('DC1_H0')).path).toBe('/DC1/host/DC1_H0/DC1_H0');
  });

  it('lists what is below a folder only', async () => {
    const { ref } = await server.call.inventory.find('Folder', 'prod');
    const paths = (await server.call.inventory.list('VirtualMachine', { within: ref })).map(({ path }) => path);
    expect(paths.sort()).toEqual(['/DC0/vm/prod/web/deep', '/DC0/vm/prod/web/twin']);
  });

  it('describes many references and leaves out those that are gone', async () => {
    const vms = await server.call.inventory.list('VirtualMachine');
    const gone = { type: 'VirtualMachine', value: 'vm-123456' };
    const found = await server.call.inventory.describeAll([...vms.map(({ ref }) => ref), gone]);
    expect(found.size).toBe(vms.length);
    const paths = await server.call.inventory.paths([vms[0]!.ref, gone]);
    expect([...paths]).toEqual([[vms[0]!.id, vms[0]!.path]]);
  });

  it('knows the datacenter of a VM', async () => {
    const vm = await server.call.inventory.find('VirtualMachine', 'deep');
    expect((await server.call.inventory.datacenterOf(vm.ref))?.name).toBe('DC0');
  });

  it('says so when an object is gone', async () => {
    const work = server.call.inventory.describe({ type: 'VirtualMachine', value: 'vm-123456' });
    expect(await failure(work)).toEqual({
      code: 'NOT_FOUND',
      message: 'The VM "vm-123456" does not exist (any more).',
    });
  });

  it.each([
    '',
    '/',
    '//',
    ' ',
    '..',
    '%',
    'x'.repeat(100_000),
    '\u0000',
    '/DC0/\u0000',
    '/DC0/vm/'.repeat(300),
    '__proto__',
    'constructor',
  ])('finds nothing by %j', async (wanted) => {
    const { code, message } = await failure(server.call.inventory.find('VirtualMachine', wanted));
    expect(['NOT_FOUND', 'INVALID_INPUT']).toContain(code);
    expect(message.length).toBeLessThan(1000);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none may reach the caller
    expect(message).not.toMatch(/[\u0000-\u001f]/);
  });

  it('does not choose between the id of one folder and the name of another', async () => {
    const prod = await server.call.inventory.find('Folder', 'prod');
    const impostor = await makeFolder(server.call, prod.id);
    const { code, message } = await failure(server.call.inventory.find('Folder', prod.id));
    expect(code).toBe('AMBIGUOUS');
    expect(message).toContain('/DC0/vm/prod (');
    expect(message).toContain(`/DC0/vm/${prod.id} (${impostor.value})`);
    await server.call.tasks.wait(await server.call.call('Destroy_Task', { _this: impostor }));
    expect((await server.call.inventory.find('Folder', prod.id)).name).toBe('prod');
  });

  it('finds one object of a kind after another was renamed to its name', async () => {
    const renamed = await makeVm(server.call, 'before');
    const task = await server.call.call('Rename_Task', { _this: renamed, newName: 'after' });
    await server.call.tasks.wait(task);
    expect((await server.call.inventory.find('VirtualMachine', 'after')).id).toBe(renamed.value);
    expect((await failure(server.call.inventory.find('VirtualMachine', 'before'))).code).toBe('NOT_FOUND');
  });
});

describe.skipIf(!(await vcsimAvailable()))('the inventory of a vCenter whose datacenters are in folders', () => {
  it('has the folders in its paths', async () => {
    const vcsim = await startVcsim({ dc: 2, folder: 2, cluster: 1, host: 1, vm: 1 });
    const server = await connect(vcsim);
    try {
      const vms = await server.call.inventory.list('VirtualMachine');
      const vm = vms.find(({ name }) => name === 'DC1_C0_RP0_VM0')!;
      expect(vm.path).toMatch(/^\/F1\/DC1\/vm\/F1\/DC1_C0_RP0_VM0$/);
      for (const wanted of [vm.name, vm.path, vm.id]) {
        expect(await server.call.inventory.find('VirtualMachine', wanted)).toEqual(vm);
      }
      const cluster = await server.call.inventory.find('ClusterComputeResource', 'DC0_C0');
      expect(await server.call.inventory.find('ClusterComputeResource', cluster.path)).toEqual(cluster);
    } finally {
      await server.close();
      await vcsim.stop();
    }
  });
});

describe.skipIf(!(await vcsimAvailable()))('the inventory of an ESXi host', () => {
  let vcsim: Vcsim;
  let server: Connected;

  beforeAll(async () => {
    vcsim = await startVcsim({ esx: true, vm: 2 });
    server = await connect(vcsim);
  });

  afterAll(async () => {
    await server?.close();
    await vcsim?.stop();
  });

  it('is that of an ESXi host, and says what needs a vCenter', () => {
    expect(server.vsphere.kind).toBe('esxi');
    expect(() => server.call.requireVcenter('clone_vm')).toThrow('clone_vm needs a vCenter');
  });

  it('has exactly one host, which need not be named', async () => {
    const host = await server.call.inventory.host();
    expect(host.type).toBe('HostSystem');
    expect(await server.call.inventory.find('HostSystem', host.id)).toEqual(host);
    expect(await server.call.inventory.find('HostSystem', host.path)).toEqual(host);
  });

  it('has its VMs below the hidden datacenter', async () => {
    const [vm] = await server.call.inventory.list('VirtualMachine');
    expect(vm!.path).toMatch(/^\/ha-datacenter\/vm\/ha-host_VM\d$/);
    for (const wanted of [vm!.name, vm!.path, vm!.id]) {
      expect(await server.call.inventory.find('VirtualMachine', wanted)).toEqual(vm);
    }
  });

  it('has places for new things', async () => {
    const { defaults } = server.call;
    expect((await defaults.datacenter()).name).toBe('ha-datacenter');
    expect((await defaults.network()).name).toBe('VM Network');
    expect((await defaults.datastore()).type).toBe('Datastore');
    expect((await defaults.resourcePool()).type).toBe('ResourcePool');
    expect((await defaults.vmFolder()).type).toBe('Folder');
  });
});
