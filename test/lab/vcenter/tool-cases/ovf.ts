import { expect } from 'vitest';
import { diskBacking, disksOf } from '../../../../lab/vcenter/vm/vm-files.ts';
import { DISK_CONTENT, ova, ovfPackage, sha256 } from '../../../support/ova.ts';
import { type Args, missing, type Stage, type ToolCases, type Vm } from './case.ts';

/** Where new VMs go: a datastore and a network of the first cluster. */
function usual(stage: Stage) {
  const { world } = stage;
  const cluster = stage.first('ClusterComputeResource');
  const datastore = cluster.get('datastore').map((ref) => world.objects.get(ref, 'Datastore'))[0]!;
  const network = world.objects.get(cluster.get('network')[0]!, 'Network');
  return { datastore, network, files: world.files.of(datastore) };
}

/** Puts the package on a datastore, unpacked and as an archive. */
async function packed(stage: Stage) {
  const place = usual(stage);
  const made = await ovfPackage();
  const write = (path: string, bytes: Buffer) => place.files.write(path, { size: bytes.length, bytes });
  if (!place.files.stat('packages')) place.files.makeFolder('packages');
  write('packages/app.ovf', made.ovf);
  write('packages/app.mf', made.manifest);
  write('packages/disk.vmdk', made.disk);
  write('packages/app.ova', ova(made));
  return { datastore: place.datastore.id, network: place.network.id };
}

const ofOvf = async (stage: Stage, vm_name: string) => ({
  ...(await packed(stage)),
  ovf_path: 'packages/app.ovf',
  vm_name,
});

async function ofOva(stage: Stage, vm_name: string) {
  const args = await packed(stage);
  const holder = stage.first('Datastore', ({ id }) => id === args.datastore);
  return { ...args, ova_path: `[${holder.get('name')}] packages/app.ova`, vm_name };
}

/** That the VM is there as the package describes it, and its disk holds what was sent. */
function expectDeployed({ world }: Stage, said: Args, name: string): Vm {
  const vm = [...world.objects.all('VirtualMachine')].find((each) => each.get('name') === name)!;
  expect(said).toMatchObject({ vm: { id: vm.id, name }, action: 'deployed', uuid: vm.get('config')?.uuid });
  expect(vm.get('config')).toMatchObject({ guestId: 'ubuntu64Guest', hardware: { numCPU: 2, memoryMB: 512 } });
  const disk = disksOf(vm.get('config')?.hardware.device)[0]!;
  const [, datastore, path] = /^\[(.*?)\] (.*)$/.exec(diskBacking(disk).fileName)!;
  const holder = [...world.objects.all('Datastore')].find((each) => each.get('name') === datastore)!;
  expect(world.files.of(holder).stat(path!)?.bytes?.subarray(0, DISK_CONTENT.length)).toEqual(DISK_CONTENT);
  return vm;
}

const exported = (stage: Stage, target_path: string): Args => ({ vm_name: stage.vm('poweredOff').id, target_path });

export const ovfCases: ToolCases = {
  deploy_ovf: {
    async works(stage) {
      const args = await ofOvf(stage, 'deployed-ovf');
      const said = await stage.run('deploy_ovf', { ...args, power_on: true });
      const vm = expectDeployed(stage, said, 'deployed-ovf');
      expect(vm.get('runtime').powerState).toBe('poweredOn');
      expect(said.power_state).toBe('poweredOn');
      expect(vm.get('network')).toEqual([expect.objectContaining({ value: args.network })]);
      const { disk } = await ovfPackage();
      expect(said.disks).toEqual([{ file: 'disk.vmdk', size_bytes: disk.length, sha256: sha256(disk) }]);
    },
    fails: {
      args: async (stage) => ({ ...(await ofOvf(stage, 'never')), ovf_path: 'packages/none.ovf' }),
      code: 'NOT_FOUND',
      says: /none\.ovf/,
    },
    denied: { args: (stage) => ofOvf(stage, 'never-deployed'), without: 'VApp.Import' },
  },
  export_vm_ovf: {
    async works(stage) {
      const args = exported(stage, 'exports/web');
      const said = await stage.run('export_vm_ovf', args);
      const holder = stage.first('Datastore', (each) => each.get('name') === said.datastore);
      const files = stage.world.files.of(holder);
      const read = (name: string) => files.stat(`exports/web/${name}`)!.bytes!;
      const [descriptor, disk, manifest] = said.files.map(({ file }: { file: string }) => file);
      expect(said.ovf_descriptor).toBe(`[${said.datastore}] exports/web/${descriptor}`);
      expect(read(descriptor).toString()).toContain(`ovf:href="${disk}"`);
      expect(read(manifest).toString()).toBe(
        [descriptor, disk].map((name) => `SHA256(${name})= ${sha256(read(name))}\n`).join(''),
      );
    },
    fails: {
      args: (stage) => ({ vm_name: stage.vm('poweredOn').id, target_path: 'exports/running' }),
      code: 'INVALID_STATE',
      says: /shutdown_guest/,
    },
    denied: { args: (stage) => exported(stage, 'exports/never'), without: 'VApp.Export' },
  },
  list_ovf_networks: {
    async works(stage) {
      const { datastore } = await packed(stage);
      const { networks } = await stage.run('list_ovf_networks', { ovf_path: 'packages/app.ovf', datastore });
      expect(networks).toEqual([{ name: 'inside', description: 'inside things', network: expect.stringMatching(/./) }]);
    },
    fails: missing('datastore', { ovf_path: 'packages/app.ovf' }),
    denied: {
      args: async (stage) => ({ ovf_path: 'packages/app.ovf', datastore: (await packed(stage)).datastore }),
    },
  },
  deploy_ova: {
    async works(stage) {
      const args = await ofOva(stage, 'deployed-ova');
      const said = await stage.run('deploy_ova', { ...args, deployment_option: 'large' });
      const vm = expectDeployed(stage, said, 'deployed-ova');
      expect(vm.get('runtime').powerState).toBe('poweredOff');
      expect(said.source).toBe(args.ova_path);
    },
    fails: {
      args: async (stage) => ({ ...(await ofOva(stage, 'never')), deployment_option: 'huge' }),
      code: 'INVALID_INPUT',
      says: /"small", "large"/,
    },
    denied: { args: (stage) => ofOva(stage, 'never-deployed'), without: 'VApp.Import' },
  },
  inspect_ova: {
    async works(stage) {
      const { ova_path } = await ofOva(stage, 'x');
      expect(await stage.run('inspect_ova', { ova_path })).toMatchObject({
        source: ova_path,
        product: 'Appliance',
        os_type: 'ubuntu64Guest',
        hardware_version: 'vmx-15',
        deployment_options: [
          { id: 'small', label: 'Small', default: true },
          { id: 'large', label: 'Large', default: false },
        ],
        networks: ['inside'],
        disks: [{ disk_id: 'd1', capacity: '64', units: 'byte * 2^20' }],
      });
    },
    // No folder of the gateway's machine is open.
    fails: { args: { ova_path: '/etc/passwd' }, code: 'PERMISSION_DENIED', says: /MCP_FILES_DIR/ },
    denied: { args: async (stage) => ({ ova_path: (await ofOva(stage, 'x')).ova_path }) },
  },
};
