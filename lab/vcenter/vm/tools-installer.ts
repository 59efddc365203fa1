/** The installer of VMware Tools: in the VM's drive, out of it, or run. */
import { fault } from '../core/faults.ts';
import { type MethodTable, requires } from '../core/method.ts';
import { devicesOf, is } from './devices.ts';
import { bootGuest, toolsOf } from './guest-boot.ts';
import { silentGuest } from './guest-info.ts';
import { toolsUnavailable } from './guest-power.ts';
import { toolsRunning } from './power-state.ts';
import { asVm, invalidPowerState, powerStateOf, requireReachable } from './subject.ts';

const PRIVILEGE = 'VirtualMachine.Interact.ToolsInstall';

export const toolsInstallerMethods: MethodTable = {
  MountToolsInstaller: requires(PRIVILEGE, ({ self }) => {
    const vm = asVm(self);
    requireReachable(vm);
    if (powerStateOf(vm) !== 'poweredOn') throw invalidPowerState(vm, 'poweredOn');
    if (!devicesOf(vm).some((device) => is(device, 'VirtualCdrom'))) {
      const reason = 'The virtual machine has no CD/DVD drive.';
      throw fault('GenericVmConfigFault', { reason }, reason);
    }
    vm.set({ runtime: { ...vm.get('runtime'), toolsInstallerMounted: true } });
  }),
  UnmountToolsInstaller: requires(PRIVILEGE, ({ self }) => {
    const vm = asVm(self);
    requireReachable(vm);
    if (!vm.get('runtime').toolsInstallerMounted) {
      throw fault('InvalidState', {}, 'The installer of VMware Tools is not mounted.');
    }
    vm.set({ runtime: { ...vm.get('runtime'), toolsInstallerMounted: false } });
  }),
  UpgradeTools_Task: requires(PRIVILEGE, (call) => {
    const vm = asVm(call.self);
    return call.world.tasks.start(call, {
      descriptionId: 'VirtualMachine.upgradeTools',
      name: 'UpgradeTools_Task',
      entity: vm,
      run: () => {
        requireReachable(vm);
        if (powerStateOf(vm) !== 'poweredOn') throw invalidPowerState(vm, 'poweredOn');
        if (!toolsRunning(vm.get('guest'))) throw toolsUnavailable();
        if (toolsOf(vm) === 'current') {
          throw fault('ToolsAlreadyUpgraded', {}, 'VMware Tools is already up to date.');
        }
        const { hostName } = vm.get('guest') ?? {};
        const upgraded = silentGuest(vm.get('config')!, { tools: 'current', running: true });
        vm.set({ guest: { ...upgraded, ...(hostName !== undefined && { hostName }) } });
        bootGuest(call.world, vm, { resumed: true });
      },
    });
  }),
};
