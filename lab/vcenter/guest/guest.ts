/** The operating system inside a VM: its files outlive a power off, its processes do not. */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../src/lib/clock.ts';
import { guestSystem } from '../vm/guest-systems.ts';
import type { Vm } from '../vm/subject.ts';
import { runProgram } from './execution.ts';
import type { GuestFiles } from './files/file-system.ts';
import { baseName } from './files/path-style.ts';
import type { GuestMachine, GuestUser, Hardware } from './machine.ts';
import { createProcessTable, type ProcessTable } from './processes.ts';
import { createLinux } from './systems/linux.ts';
import type { GuestSystem } from './systems/system.ts';
import { createWindows } from './systems/windows.ts';

export interface Guest {
  readonly system: GuestSystem;
  readonly machine: GuestMachine;
  readonly processes: ProcessTable;
  filesOf(user: GuestUser): GuestFiles;
  /** Undefined for a name or a password that it does not take. */
  logIn(name: string, password: string): GuestUser | undefined;
  /** A ticket that stands for the user until the guest goes down. Undefined where there are too many. */
  grantTicket(user: GuestUser): string | undefined;
  holderOf(ticket: string): GuestUser | undefined;
  revokeTicket(ticket: string): boolean;
  /** Starts a program of which is known that it is there; returns its process id. Undefined where too many run. */
  start(user: GuestUser, program: StartedBy): number | undefined;
  /** The VM's power state, or the time it was started at, may have changed. */
  powerChanged(): void;
  /** Nothing runs any more. */
  stop(): void;
}

export interface StartedBy {
  readonly program: string;
  readonly args: string;
  /** Default: the user's home. */
  readonly workingFolder?: string | undefined;
  /** `NAME=value`; takes the place of all that a program finds otherwise. */
  readonly environment?: readonly string[] | undefined;
}

const MAX_PROCESSES = 200;
const MAX_TICKETS = 64;

export function createGuest(vm: Vm, clock: Clock): Guest {
  const hardware = (): Hardware => {
    const { hostName, guestFullName } = vm.get('guest') ?? {};
    const config = vm.get('config');
    return {
      hostName:
        hostName ??
        vm
          .get('name')
          .toLowerCase()
          .replace(/[^a-z0-9.-]+/g, '-'),
      osName: guestFullName ?? config?.guestFullName ?? 'Linux',
      cpus: config?.hardware.numCPU ?? 1,
      memoryMb: config?.hardware.memoryMB ?? 1024,
      bootTime: Date.parse(vm.get('runtime').bootTime ?? '') || clock.now(),
    };
  };
  const family = guestSystem(vm.get('guest')?.guestId ?? vm.get('config')?.guestId ?? '').family;
  const create = family === 'windowsGuest' ? createWindows : createLinux;
  const system = create({ now: () => clock.now(), hardware });
  const processes = createProcessTable(clock);
  const machine: GuestMachine = {
    family: system.family,
    fileSystem: system.fileSystem,
    users: system.users,
    clock,
    hardware,
    processes: () => processes.list(),
    kill: (pid, user) => processes.kill(pid, user),
  };
  const tickets = new Map<string, GuestUser>();
  let up: { bootTime: string | undefined; suspended: boolean } | undefined;

  const stop = () => {
    processes.clear();
    tickets.clear();
    up = undefined;
  };
  return {
    system,
    machine,
    processes,
    filesOf: (user) => system.fileSystem.as(user),
    logIn(name, password) {
      const own = system.family === 'windows' ? name.replace(/^.*\\/, '').toLowerCase() : name;
      const user = system.users.find((each) =>
        system.family === 'windows' ? each.name.toLowerCase() === own : each.name === own,
      );
      return user?.password !== undefined && user.password === password ? user : undefined;
    },
    grantTicket(user) {
      if (tickets.size >= MAX_TICKETS) return undefined;
      const ticket = randomUUID();
      tickets.set(ticket, user);
      return ticket;
    },
    holderOf: (ticket) => tickets.get(ticket),
    revokeTicket: (ticket) => tickets.delete(ticket),
    start(user, { program, args, workingFolder, environment }) {
      if (processes.running() >= MAX_PROCESSES) return undefined;
      const given = (environment ?? []).map((each) => {
        const at = each.indexOf('=');
        return [at < 0 ? each : each.slice(0, at), at < 0 ? '' : each.slice(at + 1)] as const;
      });
      const toRun = {
        program,
        args,
        workingFolder: workingFolder || user.home,
        environment: given.length > 0 ? new Map(given) : system.environmentOf(user),
      };
      return processes.start({
        name: baseName(program, system.fileSystem.style),
        owner: user,
        cmdLine: args === '' ? `"${program}"` : `"${program}" ${args}`,
        run: (pid, signal) => runProgram({ system, machine, user, pid, signal }, toRun),
      });
    },
    powerChanged() {
      const { powerState, bootTime } = vm.get('runtime');
      if (powerState === 'poweredOff') {
        stop();
      } else if (powerState === 'suspended') {
        if (up) up.suspended = true;
      } else if (up?.suspended) {
        up = { bootTime, suspended: false };
      } else if (!up || up.bootTime !== bootTime) {
        stop();
        up = { bootTime, suspended: false };
        processes.boot(system.daemons, hardware().bootTime);
      }
    },
    stop,
  };
}
