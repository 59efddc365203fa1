/** A VM's console: CreateScreenshot_Task, AcquireTicket, AnswerVM. */
import { randomUUID } from 'node:crypto';
import { fault, invalidArgument } from '../core/faults.ts';
import { type MethodTable, requires } from '../core/method.ts';
import { DEFAULT_SIZE, pictureOf } from '../screen/console-picture.ts';
import { encodePng } from '../screen/png.ts';
import { SCREEN_PRIVILEGE } from '../screen/screen-route.ts';
import { asVm, invalidPowerState, powerStateOf, requireReachable } from './subject.ts';
import { placeOf } from './vm-disks.ts';

const TICKET_TYPES = ['mks', 'device', 'guestControl', 'webmks', 'guestIntegrity', 'webRemoteDevice'];

export const consoleMethods: MethodTable = {
  CreateScreenshot_Task: requires(SCREEN_PRIVILEGE, (call) => {
    const vm = asVm(call.self);
    const { world } = call;
    return world.tasks.start(call, {
      descriptionId: 'VirtualMachine.createScreenshot',
      name: 'CreateScreenshot_Task',
      entity: vm,
      run: () => {
        requireReachable(vm);
        if (powerStateOf(vm) !== 'poweredOn') throw invalidPowerState(vm, 'poweredOn');
        const base = (vm.get('config')?.files.vmPathName ?? '').replace(/\.vmx$/, '');
        const { tree, path } = placeOf(world, vm.get('runtime').host, base);
        let number = 1;
        while (tree.stat(`${path}-${number}.png`)) number++;
        const bytes = encodePng(pictureOf(vm, DEFAULT_SIZE));
        tree.write(`${path}-${number}.png`, { size: bytes.length, bytes });
        return tree.pathOf(`${path}-${number}.png`);
      },
    });
  }),
  AcquireTicket: requires('VirtualMachine.Interact.ConsoleInteract', ({ world, self, request: { ticketType } }) => {
    const vm = asVm(self);
    if (!TICKET_TYPES.includes(ticketType)) throw invalidArgument('ticketType');
    requireReachable(vm);
    if (powerStateOf(vm) !== 'poweredOn') {
      throw fault('InvalidState', {}, 'The operation is not allowed in the current state.');
    }
    const host = String(world.objects.find(vm.get('runtime').host)?.read('name') ?? '');
    const ticket = randomUUID().replaceAll('-', '').slice(0, 16);
    return {
      ticket,
      cfgFile: vm.get('config')?.files.vmPathName ?? '',
      host,
      port: ticketType === 'webmks' ? 443 : 902,
      ...(ticketType === 'webmks' && { url: `wss://${host}:443/ticket/${ticket}` }),
    };
  }),
  AnswerVM: requires('VirtualMachine.Interact.AnswerQuestion', ({ self, request: { questionId, answerChoice } }) => {
    const vm = asVm(self);
    const { question, ...runtime } = vm.get('runtime');
    if (question?.id !== questionId) throw invalidArgument('questionId');
    if (!question.choice.choiceInfo.some(({ key }) => key === answerChoice)) throw invalidArgument('answerChoice');
    vm.set({ runtime });
  }),
};
