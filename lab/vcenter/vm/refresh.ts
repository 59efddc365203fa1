/** VirtualMachine: Reload, RefreshStorageInfo, CustomizeVM_Task. */
import { notSupported } from '../core/faults.ts';
import { type MethodTable, requires } from '../core/method.ts';
import { checkCustomization } from './customization.ts';
import { asVm, invalidPowerState, powerStateOf, requireReachable, requireVCenter } from './subject.ts';

export const refreshMethods: MethodTable = {
  Reload: ({ self }) => asVm(self).touch(),
  RefreshStorageInfo: ({ self }) => asVm(self).touch(),
  CustomizeVM_Task: requires('VirtualMachine.Provisioning.Customize', (call) => {
    const vm = asVm(call.self);
    requireVCenter(call.world);
    const config = vm.get('config');
    if (!config) throw notSupported('its configuration cannot be read');
    return call.world.tasks.start(call, {
      descriptionId: 'VirtualMachine.customize',
      name: 'CustomizeVM_Task',
      entity: vm,
      run: () => {
        requireReachable(vm);
        if (powerStateOf(vm) !== 'poweredOff') throw invalidPowerState(vm, 'poweredOff');
        checkCustomization(call.request.spec, vm, config);
      },
    });
  }),
};
