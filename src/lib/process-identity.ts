/** Which process holds a lock, told so that neither a reused process id nor another container is mistaken for it. */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

export interface ProcessIdentity {
  readonly pid: number;
  /** Start time as the kernel counts it (proc(5), `stat` field 22); '' where the system does not tell. */
  readonly started: string;
  /** Host, boot and process namespace: only within the same one does a process id mean anything. */
  readonly host: string;
}

export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, started: startOf(process.pid), host: ownHost() };
}

/** @returns undefined where it cannot be known from here, since the process is of another host or container */
export function isAlive(identity: ProcessIdentity): boolean | undefined {
  if (identity.host !== ownHost()) return undefined;
  try {
    process.kill(identity.pid, 0);
  } catch (error) {
    // EPERM: it runs, as somebody else.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const started = startOf(identity.pid);
  // Where the system tells no start time, a running process with this id may be another: watch it instead.
  if (started === '' || identity.started === '') return undefined;
  return started === identity.started;
}

function ownHost(): string {
  return [hostname(), readOr('/proc/sys/kernel/random/boot_id'), linkOr('/proc/self/ns/pid')].join(' ');
}

function startOf(pid: number): string {
  const line = readOr(`/proc/${pid}/stat`);
  // The second field is the program's name in parentheses, which may hold anything, also spaces and parentheses.
  const afterName = line.slice(line.lastIndexOf(')') + 2).split(' ');
  // A zombie holds no file any more.
  return afterName[0] === 'Z' ? '' : (afterName[19] ?? '');
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

function linkOr(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
