/** A guest with no VM around it: command lines are run in it, and what they said comes back. */

import type { GuestMachine, GuestUser } from '../../../../lab/vcenter/guest/machine.ts';
import { createShell } from '../../../../lab/vcenter/guest/shell/evaluate.ts';
import { type Execution, forkedState, Killed } from '../../../../lab/vcenter/guest/shell/state.ts';
import { collector } from '../../../../lab/vcenter/guest/shell/streams.ts';
import { createLinux } from '../../../../lab/vcenter/guest/systems/linux.ts';
import type { GuestSystem } from '../../../../lab/vcenter/guest/systems/system.ts';
import { createWindows } from '../../../../lab/vcenter/guest/systems/windows.ts';
import { type Clock, systemClock } from '../../../../src/lib/clock.ts';

export interface Said {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

export interface TestMachine {
  readonly system: GuestSystem;
  run(text: string, user?: string): Promise<Said>;
}

export function testMachine(family: 'linux' | 'windows', { clock = systemClock, maxSteps = 20_000 } = {}): TestMachine {
  const hardware = () => ({ hostName: 'web01', osName: 'Ubuntu Linux (64-bit)', cpus: 2, memoryMb: 4096, bootTime: 0 });
  const system = (family === 'linux' ? createLinux : createWindows)({ now: () => clock.now(), hardware });
  return {
    system,
    async run(text, name = family === 'linux' ? 'root' : 'Administrator') {
      const user = system.users.find((each) => each.name === name)!;
      const execution = executionOf(system, user, clock, maxSteps);
      const [out, err] = [collector(), collector()];
      const environment = system.environmentOf(user);
      const state = {
        name: 'sh',
        cwd: user.home,
        variables: environment,
        exported: new Set(environment.keys()),
        status: 0,
        positional: [],
        depth: 0,
      };
      const shell = createShell(system.language, execution);
      const status = await shell.run(text, forkedState(state), { stdin: Buffer.alloc(0), out, err });
      return { status, out: out.bytes().toString(), err: err.bytes().toString() };
    },
  };
}

function executionOf(system: GuestSystem, user: GuestUser, clock: Clock, maxSteps: number): Execution {
  let steps = 0;
  const machine: GuestMachine = {
    family: system.family,
    fileSystem: system.fileSystem,
    users: system.users,
    clock,
    hardware: () => ({ hostName: 'web01', osName: 'Ubuntu', cpus: 2, memoryMb: 4096, bootTime: 0 }),
    processes: () => [],
    kill: () => false,
  };
  return {
    machine,
    user,
    files: system.fileSystem.as(user),
    pid: 4321,
    signal: new AbortController().signal,
    async step() {
      if (++steps > maxSteps) throw new Killed();
    },
    sleep: (ms) => clock.sleep(ms),
  };
}
