import { expect } from 'vitest';
import type { Args, Stage, ToolCase, ToolCases } from './case.ts';

type State = 'poweredOn' | 'poweredOff';

interface PowerRule {
  readonly tool: string;
  readonly from: State;
  readonly to: State | 'suspended';
  readonly refusedFrom: State;
  readonly privilege: string;
  readonly event: string;
}

/** A power tool brings a VM from one state into another, and is refused in a third. */
function powerCase({ tool, from, to, refusedFrom, privilege, event }: PowerRule): ToolCase {
  const of = (state: State) => (stage: Stage) => ({ name: stage.vm(state).id });
  return {
    async works(stage) {
      const vm = stage.vm(from);
      const { power_state, task } = await stage.run(tool, { name: vm.id });
      expect(power_state).toBe(to);
      expect(task.state).toBe('success');
      expect(vm.get('runtime').powerState).toBe(to);
      expect(eventsOf(stage, vm.id)).toContainEqual(expect.stringMatching(`^(Drs)?${event}$`));
      const [read] = (await stage.run('list_recent_tasks', { entity_name: vm.id })).tasks;
      expect(read).toMatchObject({ key: task.id, state: 'success', entity_id: vm.id });
    },
    fails: { args: of(refusedFrom), code: 'INVALID_STATE' },
    denied: { args: of(from), without: privilege },
  };
}

/** What is asked of the guest is answered at once, and done by it. */
function guestCase({ tool, to, privilege, event }: Omit<PowerRule, 'from' | 'refusedFrom'>): ToolCase {
  const running = (stage: Stage): Args => ({ name: stage.vm('poweredOn').id });
  return {
    async works(stage) {
      const vm = stage.vm('poweredOn');
      await stage.run(tool, { name: vm.id });
      await expect.poll(() => vm.get('runtime').powerState).toBe(to);
      expect(eventsOf(stage, vm.id)).toContainEqual(expect.stringMatching(`^(Drs)?${event}$`));
    },
    fails: { args: (stage) => ({ name: stage.vm('poweredOff').id }), code: 'INVALID_STATE' },
    denied: { args: running, without: privilege },
  };
}

function eventsOf({ world }: Stage, vm: string): string[] {
  return world.events.all().flatMap((event) => (event.vm?.vm.value === vm ? [String(event.$type)] : []));
}

const INTERACT = 'VirtualMachine.Interact';

export const powerCases: ToolCases = {
  power_on: powerCase({
    tool: 'power_on',
    from: 'poweredOff',
    to: 'poweredOn',
    refusedFrom: 'poweredOn',
    privilege: `${INTERACT}.PowerOn`,
    event: 'VmPoweredOnEvent',
  }),
  power_off: powerCase({
    tool: 'power_off',
    from: 'poweredOn',
    to: 'poweredOff',
    refusedFrom: 'poweredOff',
    privilege: `${INTERACT}.PowerOff`,
    event: 'VmPoweredOffEvent',
  }),
  reset_vm: powerCase({
    tool: 'reset_vm',
    from: 'poweredOn',
    to: 'poweredOn',
    refusedFrom: 'poweredOff',
    privilege: `${INTERACT}.Reset`,
    event: 'VmResettingEvent',
  }),
  suspend_vm: powerCase({
    tool: 'suspend_vm',
    from: 'poweredOn',
    to: 'suspended',
    refusedFrom: 'poweredOff',
    privilege: `${INTERACT}.Suspend`,
    event: 'VmSuspendedEvent',
  }),
  shutdown_guest: guestCase({
    tool: 'shutdown_guest',
    to: 'poweredOff',
    privilege: `${INTERACT}.PowerOff`,
    event: 'VmGuestShutdownEvent',
  }),
  reboot_guest: guestCase({
    tool: 'reboot_guest',
    to: 'poweredOn',
    privilege: `${INTERACT}.Reset`,
    event: 'VmGuestRebootEvent',
  }),
  standby_guest: guestCase({
    tool: 'standby_guest',
    to: 'suspended',
    privilege: `${INTERACT}.Suspend`,
    event: 'VmGuestStandbyEvent',
  }),
};
