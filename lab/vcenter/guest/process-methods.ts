/** GuestProcessManager: programs are started, watched and ended; the environment is read. */
import type { GuestProcessInfo } from '../../../src/vim25/generated/types.ts';
import { invalidArgument } from '../core/faults.ts';
import type { MethodTable } from '../core/method.ts';
import { fileNotFound } from '../files/faults.ts';
import { inGuest } from './access.ts';
import { guestOperationFailed, guestPermissionDenied, guestProcessNotFound, notADirectory } from './faults.ts';
import { type GuestProcess, NotPermitted } from './machine.ts';

/** Bytes of a request that the Tools take. */
const MAX_REQUEST = 64 * 1024;

export const guestProcessMethods: MethodTable = {
  StartProgramInGuest: inGuest('StartProgramInGuest', 'Execute', (call, { guest, user, files }) => {
    const { programPath, arguments: args, workingDirectory, envVariables } = call.request.spec;
    if (programPath === '') throw invalidArgument('spec.programPath');
    const size = [programPath, args, ...(envVariables ?? [])].reduce((sum, text) => sum + text.length, 0);
    if (size > MAX_REQUEST) throw invalidArgument('spec.arguments');
    const program = programPath.trim().replace(/^"([^"]*)"?$/, '$1');
    if (files.find(program) === undefined) throw fileNotFound(program);
    if (!files.may(program, 'execute')) throw guestPermissionDenied();
    if (workingDirectory && files.find(workingDirectory)?.kind !== 'directory') throw notADirectory(workingDirectory);
    const pid = guest.start(user, {
      program,
      args,
      workingFolder: workingDirectory,
      environment: envVariables,
    });
    if (pid === undefined) throw guestOperationFailed('too many processes run in the guest');
    return pid;
  }),
  ListProcessesInGuest: inGuest('ListProcessesInGuest', 'Query', (call, { guest }) => {
    const { pids = [] } = call.request;
    const asked = new Set(pids);
    const processes = guest.processes.list();
    return (asked.size > 0 ? processes.filter(({ pid }) => asked.has(pid)) : processes).map(processInfo);
  }),
  TerminateProcessInGuest: inGuest('TerminateProcessInGuest', 'Execute', (call, { guest, user }) => {
    const { pid } = call.request;
    const tools = guest.processes
      .list()
      .find((each) => each.pid === pid)
      ?.name.startsWith('vmtoolsd');
    // The Tools do not end themselves: they could not answer any more.
    if (tools) throw guestPermissionDenied();
    try {
      if (!guest.processes.kill(pid, user)) throw guestProcessNotFound(pid);
    } catch (error) {
      throw error instanceof NotPermitted ? guestPermissionDenied() : error;
    }
  }),
  ReadEnvironmentVariableInGuest: inGuest('ReadEnvironmentVariableInGuest', 'Query', (call, { guest, user }) => {
    const { names = [] } = call.request;
    const environment = guest.system.environmentOf(user);
    const windows = guest.system.family === 'windows';
    const wanted = names.length > 0 ? names : [...environment.keys()];
    return wanted.flatMap((name) => {
      const value = environment.get(windows ? name.toUpperCase() : name);
      return value === undefined ? [] : [`${name}=${value}`];
    });
  }),
};

function processInfo({ name, pid, owner, cmdLine, startTime, endTime, exitCode }: GuestProcess): GuestProcessInfo {
  return {
    name,
    pid,
    owner,
    cmdLine,
    startTime: new Date(startTime).toISOString(),
    ...(endTime !== undefined && { endTime: new Date(endTime).toISOString() }),
    ...(exitCode !== undefined && { exitCode }),
  };
}
