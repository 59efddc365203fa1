/** ReconfigVM_Task. */
import type { VirtualMachineConfigInfo, VirtualMachineConfigSpec } from '../../../src/vim25/generated/types.ts';
import { fault } from '../core/faults.ts';
import type { Call, MethodTable } from '../core/method.ts';
import { demand } from '../core/privileges.ts';
import type { World } from '../core/world.ts';
import { keptName, requireFreeName } from '../inventory/names.ts';
import { editBootOptions, editHardware, editSettings } from './config-edits.ts';
import { changeDevices } from './device-changes.ts';
import { devicesOf, is } from './devices.ts';
import { diskFilesOf } from './disk-chains.ts';
import { tellAddresses } from './guest-boot.ts';
import { knownSpec } from './known-spec.ts';
import { privilegesFor } from './reconfigure-privileges.ts';
import { asVm, invalidPowerState, isTemplate, powerStateOf, requireReachable, type Vm } from './subject.ts';
import { removeFile } from './vm-disks.ts';
import { type Doer, postVmEvent } from './vm-events.ts';
import { carryOut, type Workbench } from './workbench.ts';

export const reconfigureMethods: MethodTable = {
  ReconfigVM_Task: (call) => {
    const vm = asVm(call.self);
    const spec = knownSpec(call.request.spec);
    for (const privilege of privilegesFor(spec)) demand(call.session, privilege, vm);
    return call.world.tasks.start(call, {
      descriptionId: 'VirtualMachine.reconfigure',
      name: 'ReconfigVM_Task',
      entity: vm,
      run: () => reconfigure(call, vm, spec),
    });
  },
};

/** All of it or nothing. Errors: ConcurrentAccess, InvalidState, and what each part is refused by. */
export function reconfigure(call: Doer & Pick<Call, 'world'>, vm: Vm, spec: VirtualMachineConfigSpec): void {
  const { world } = call;
  requireReachable(vm);
  const before = vm.get('config')!;
  if (spec.changeVersion !== undefined && spec.changeVersion !== '' && spec.changeVersion !== before.changeVersion) {
    throw fault('ConcurrentAccess', {}, 'The resource was modified by another process: get it again and retry.');
  }
  const changesHardware = spec.deviceChange?.length || spec.numCPUs !== undefined || spec.memoryMB !== undefined;
  if (powerStateOf(vm) === 'suspended' && changesHardware) throw invalidPowerState(vm, 'poweredOff');
  if (isTemplate(vm) && changesHardware) {
    throw fault('NotSupported', {}, 'The operation is not supported on the object: it is a template.');
  }
  const name = spec.name === undefined ? undefined : keptName(spec.name);
  if (name !== undefined) requireFreeName(world.objects, vm.get('parent'), name, vm);
  const bench = benchOf(world, vm);
  changeDevices(bench, spec.deviceChange ?? []);
  const running = powerStateOf(vm) === 'poweredOn';
  const edited = editSettings(editHardware(before, spec, running), spec, running);
  const config: VirtualMachineConfigInfo = {
    ...edited,
    ...(spec.bootOptions && { bootOptions: editBootOptions(before.bootOptions, spec.bootOptions, bench.devices) }),
    ...(name !== undefined && { name }),
    hardware: { ...edited.hardware, device: bench.devices },
    modified: new Date(world.clock.now()).toISOString(),
    changeVersion: nextVersion(world, before.changeVersion),
  };
  carryOut(bench.effects);
  vm.set({ config, ...(name !== undefined && { name }) });
  const needed = diskFilesOf(world, vm);
  for (const file of bench.unwanted) if (!needed.has(file)) removeFile(world, vm.get('runtime').host, file);
  if (spec.deviceChange?.length) tellAddresses(world, vm);
  tellOfChanges(call, vm, before, config);
}

function benchOf(world: World, vm: Vm): Workbench {
  return {
    world,
    host: vm.get('runtime').host!,
    base: (vm.get('config')?.files.vmPathName ?? '').replace(/\.vmt?x$/, ''),
    running: powerStateOf(vm) === 'poweredOn',
    hasSnapshots: vm.get('snapshot') !== undefined,
    devices: [...devicesOf(vm)],
    effects: [],
    keys: new Map(),
    unwanted: [],
  };
}

/** A time, and never the same as before. */
function nextVersion({ clock }: World, before: string): string {
  const now = new Date(clock.now()).toISOString();
  return now > before ? now : new Date(Date.parse(before) + 1).toISOString();
}

function tellOfChanges(call: Doer, vm: Vm, before: VirtualMachineConfigInfo, after: VirtualMachineConfigInfo): void {
  const known = new Set((before.hardware.device ?? []).map(({ key }) => key));
  for (const device of after.hardware.device ?? []) {
    if (known.has(device.key) || !is(device, 'VirtualEthernetCard') || device.macAddress === undefined) continue;
    const { macAddress: mac, deviceInfo } = device;
    const adapter = deviceInfo?.label ?? '';
    postVmEvent(
      call,
      'VmMacAssignedEvent',
      vm,
      `New MAC address (${mac}) assigned to adapter ${adapter} for ${vm.get('name')}`,
      { adapter, mac },
    );
  }
  const modified = changesOf(before, after);
  const left = new Set((after.hardware.device ?? []).map(({ key }) => key));
  const added = (after.hardware.device ?? [])
    .filter(({ key }) => !known.has(key))
    .map(nameOfDevice)
    .join('; ');
  const deleted = (before.hardware.device ?? [])
    .filter(({ key }) => !left.has(key))
    .map(nameOfDevice)
    .join('; ');
  const told = `Modified: ${modified || ' '} Added: ${added || ' '} Deleted: ${deleted || ' '}`;
  postVmEvent(call, 'VmReconfiguredEvent', vm, `Reconfigured {vm}.  ${told}`, {
    configSpec: {},
    configChanges: { modified, added, deleted },
  });
}

function nameOfDevice({ key }: { readonly key: number }): string {
  return `config.hardware.device(${key})`;
}

function changesOf(before: VirtualMachineConfigInfo, after: VirtualMachineConfigInfo): string {
  const values = ({ hardware, name, annotation, guestId }: VirtualMachineConfigInfo): [string, unknown][] => [
    ['config.name', name],
    ['config.annotation', annotation],
    ['config.guestId', guestId],
    ['config.hardware.numCPU', hardware.numCPU],
    ['config.hardware.memoryMB', hardware.memoryMB],
  ];
  const old = new Map(values(before));
  return values(after)
    .filter(([path, value]) => old.get(path) !== value)
    .map(([path, value]) => `${path}: ${old.get(path)} -> ${value}; `)
    .join('');
}
