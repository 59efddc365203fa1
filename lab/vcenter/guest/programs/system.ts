/** id, whoami, hostname, uname, sleep, env, ps, kill, uptime, free, df, nproc, which, xargs, sh. */
import { type GuestMachine, type GuestUser, NotPermitted } from '../machine.ts';
import {
  environmentOf,
  forkedState,
  type ProgramCall,
  type Programs,
  type ShellState,
  UsageError,
} from '../shell/state.ts';
import { countOf, linesOf, optionsOf, pathOf } from './options.ts';
import { lookUp } from './run-file.ts';

const KERNEL = '5.15.0-130-generic';
const MAX_SLEEP_S = 365 * 24 * 3600;
const UNITS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 };

function identified({ name, uid, gid }: GuestUser): string {
  return `uid=${uid}(${name}) gid=${gid}(${name}) groups=${gid}(${name})`;
}

function named({ users }: GuestMachine, name: string | undefined, self: GuestUser): GuestUser {
  if (name === undefined) return self;
  const user = users.find((each) => each.name === name || String(each.uid) === name);
  if (!user) throw new UsageError(`'${name.slice(0, 80)}': no such user`);
  return user;
}

function seconds(text: string): number {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?|\.\d+)([smhd]?)$/.exec(text.slice(0, 40)) ?? [];
  if (amount === undefined) throw new UsageError(`invalid time interval '${text.slice(0, 80)}'`);
  return Number(amount) * UNITS[unit]!;
}

/** A shell as it is started: it knows what was exported, and nothing else of the shell that started it. */
function startedShell({ state }: ProgramCall, name: string, positional: readonly string[]): ShellState {
  const environment = environmentOf(state);
  return {
    name,
    cwd: state.cwd,
    variables: new Map(environment),
    exported: new Set(environment.map(([key]) => key)),
    status: 0,
    positional,
    depth: state.depth + 1,
  };
}

function sh(call: ProgramCall): Promise<number> {
  const own = call.name.split('/').at(-1) ?? 'sh';
  const options = call.args.findIndex((arg) => !/^-[a-zA-Z]+$/.test(arg));
  const flags = call.args.slice(0, options === -1 ? undefined : options).join('');
  const [first, ...rest] = options === -1 ? [] : call.args.slice(options);
  if (flags.includes('c')) {
    if (first === undefined) throw new UsageError('-c requires an argument', 2);
    return call.script(first, startedShell(call, rest[0] ?? own, rest.slice(1)), call);
  }
  if (first === undefined) return call.script(call.stdin.toString(), startedShell(call, own, []), call);
  const text = call.execution.files.read(pathOf(call, first)).toString();
  return call.script(text, startedShell(call, first, rest), call);
}

export const systemPrograms: Programs = {
  sh,
  true: () => 0,
  false: () => 1,
  id(call) {
    const { has, operands } = optionsOf(call, 'ugnG');
    const user = named(call.execution.machine, operands[0], call.execution.user);
    const number = has('u') ? user.uid : user.gid;
    const one = has('u') || has('g') || has('G');
    call.out.write(`${one ? (has('n') ? user.name : number) : identified(user)}\n`);
    return 0;
  },
  whoami({ out, execution }) {
    out.write(`${execution.user.name}\n`);
    return 0;
  },
  hostname(call) {
    const { has } = optionsOf(call, 'sf');
    const { hostName } = call.execution.machine.hardware();
    call.out.write(`${has('s') ? hostName.split('.')[0] : hostName}\n`);
    return 0;
  },
  uname(call) {
    const { has } = optionsOf(call, 'asnrvmpio');
    const { hostName } = call.execution.machine.hardware();
    const all = has('a');
    const any = all || [...'snrvmpio'].some(has);
    const parts = [
      [all || has('s') || !any, 'Linux'],
      [all || has('n'), hostName],
      [all || has('r'), KERNEL],
      [all || has('v'), '#140-Ubuntu SMP Wed Dec 18 17:59:53 UTC 2024'],
      [all || has('m'), 'x86_64'],
      [has('p') || has('i'), 'x86_64'],
      [all || has('o'), 'GNU/Linux'],
    ] as const;
    call.out.write(`${parts.flatMap(([said, text]) => (said ? [text] : [])).join(' ')}\n`);
    return 0;
  },
  async sleep({ args, execution }) {
    if (args.length === 0) throw new UsageError('missing operand');
    const total = args.reduce((sum, arg) => sum + seconds(arg), 0);
    await execution.sleep(Math.min(total, MAX_SLEEP_S) * 1000);
    return 0;
  },
  env(call) {
    const own = forkedState(call.state);
    let at = 0;
    if (call.args[0] === '-i') {
      own.variables.clear();
      own.exported.clear();
      at++;
    }
    for (; /^[A-Za-z_]\w*=/.test(call.args[at] ?? ''); at++) {
      const [name, ...value] = call.args[at]!.split('=') as [string, ...string[]];
      own.variables.set(name, value.join('='));
      own.exported.add(name);
    }
    if (at < call.args.length) return call.run(call.args.slice(at), own, call);
    call.out.write(
      environmentOf(own)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    );
    return 0;
  },
  ps({ execution, out }) {
    out.write('USER         PID COMMAND\n');
    for (const { owner, pid, cmdLine, endTime } of execution.machine.processes()) {
      if (endTime === undefined) out.write(`${owner.padEnd(8)} ${String(pid).padStart(7)} ${cmdLine}\n`);
    }
    return 0;
  },
  kill({ args, err, name, execution }) {
    let failed = false;
    for (const pid of args.filter((arg) => !arg.startsWith('-'))) {
      try {
        if (execution.machine.kill(countOf(pid, 0), execution.user)) continue;
        err.write(`${name}: (${pid}) - No such process\n`);
      } catch (error) {
        if (!(error instanceof NotPermitted)) throw error;
        err.write(`${name}: (${pid}) - Operation not permitted\n`);
      }
      failed = true;
    }
    return Number(failed);
  },
  uptime({ execution, out }) {
    const { clock, hardware } = execution.machine;
    const minutes = Math.floor(Math.max(0, clock.now() - hardware().bootTime) / 60_000);
    const time = new Date(clock.now()).toISOString().slice(11, 19);
    const days = Math.floor(minutes / 1440);
    const shown = `${days > 0 ? `${days} days, ` : ''}${Math.floor((minutes % 1440) / 60)}:${String(minutes % 60).padStart(2, '0')}`;
    out.write(` ${time} up ${shown},  0 users,  load average: 0.08, 0.03, 0.01\n`);
    return 0;
  },
  free({ execution, out }) {
    const total = execution.machine.hardware().memoryMb;
    const used = Math.floor(total * 0.3);
    out.write('               total        used        free\n');
    out.write(`Mem:      ${[total, used, total - used].map((mb) => String(mb * 1024).padStart(10)).join('  ')}\n`);
    return 0;
  },
  df({ execution, out }) {
    const { capacity, usedBytes } = execution.machine.fileSystem;
    const total = Math.floor(capacity / 1024);
    const used = Math.ceil(usedBytes() / 1024);
    out.write('Filesystem     1K-blocks      Used Available Use% Mounted on\n');
    const percent = `${Math.ceil((100 * used) / total)}%`;
    const numbers = [total, used, total - used].map((kb) => String(kb).padStart(9)).join(' ');
    out.write(`/dev/sda2      ${numbers} ${percent.padStart(4)} /\n`);
    return 0;
  },
  nproc({ execution, out }) {
    out.write(`${execution.machine.hardware().cpus}\n`);
    return 0;
  },
  which(call) {
    const found = call.args.map((name) => lookUp(call, name));
    for (const path of found) if (path !== undefined) call.out.write(`${path}\n`);
    return Number(found.includes(undefined));
  },
  async xargs(call) {
    const words = linesOf(call.stdin).flatMap((line) => line.split(/\s+/).filter((word) => word !== ''));
    const command = call.args.length > 0 ? call.args : ['echo'];
    return call.run([...command, ...words], forkedState(call.state), { ...call, stdin: Buffer.alloc(0) });
  },
};
