import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { connect } from 'node:tls';
import { findVcsim, type VcsimBinary } from './vcsim-binary.ts';

/** What the simulated server holds; everything left out is the simulator's own default. */
export interface VcsimOptions {
  /** A standalone ESXi host instead of a vCenter. */
  readonly esx?: boolean;
  readonly dc?: number;
  readonly cluster?: number;
  /** Hosts in each cluster. */
  readonly host?: number;
  readonly standaloneHost?: number;
  readonly pool?: number;
  readonly ds?: number;
  /** VMs in each resource pool. */
  readonly vm?: number;
  readonly folder?: number;
  readonly pg?: number;
  readonly app?: number;
  readonly autostart?: boolean;
  readonly tls?: boolean;
  /** Default: a free one. */
  readonly port?: number;
  /** PEM files of the server's certificate. */
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly username?: string;
  readonly password?: string;
  /** Milliseconds that a method takes. */
  readonly methodDelay?: Readonly<Record<string, number>>;
}

export interface Vcsim {
  /** `https://127.0.0.1:port/sdk` */
  readonly url: string;
  /** `127.0.0.1:port` */
  readonly host: string;
  readonly user: string;
  readonly password: string;
  readonly pid: number;
  /** Of the certificate presented, lower-case hex; undefined without TLS. */
  readonly thumbprintSha256: string | undefined;
  /** Whether it takes user events, as vCenter does and govmomi's own command does not. */
  readonly userEvents: boolean;
  stop(): Promise<void>;
  /** SIGKILL: the server is gone without a word. */
  kill(): Promise<void>;
  /** The same port and options again, after `stop` or `kill`; the inventory is a fresh one. */
  restart(): Promise<void>;
}

const FLAGS = {
  esx: 'esx',
  dc: 'dc',
  cluster: 'cluster',
  host: 'host',
  standaloneHost: 'standalone-host',
  pool: 'pool',
  ds: 'ds',
  vm: 'vm',
  folder: 'folder',
  pg: 'pg',
  app: 'app',
  autostart: 'autostart',
  tls: 'tls',
  tlsCert: 'tlscert',
  tlsKey: 'tlskey',
  username: 'username',
  password: 'password',
} as const satisfies Partial<Record<keyof VcsimOptions, string>>;

/** Runs a command that does not watch its standard input, and ends it when that closes. */
const UNTIL_STDIN_CLOSES = 'exec 3<&0; "$@" & child=$!; (cat <&3 >/dev/null; kill $child) 2>/dev/null & wait $child';

let binary: Promise<VcsimBinary | undefined> | undefined;

function vcsimBinary(): Promise<VcsimBinary | undefined> {
  binary ??= findVcsim();
  return binary;
}

/** Whether the simulator can be had; builds it (once) where it has to be built. */
export async function vcsimAvailable(): Promise<boolean> {
  return (await vcsimBinary()) !== undefined;
}

/** Starts a simulator on a free port of 127.0.0.1; it ends with `stop()` or with this process, whichever is first. */
export async function startVcsim(options: VcsimOptions = {}): Promise<Vcsim> {
  const found = await vcsimBinary();
  if (!found) throw new Error('vcsim is not on PATH and could not be built');
  const user = options.username ?? 'user';
  const password = options.password ?? 'pass';
  const args = flags({ ...options, username: user, password });

  let running = await launch(found, args, `127.0.0.1:${options.port ?? 0}`);
  const { url } = running;
  const { host } = new URL(url);
  const thumbprintSha256 = options.tls === false ? undefined : await presentedThumbprint(host);
  return {
    url,
    host,
    user,
    password,
    thumbprintSha256,
    userEvents: running.userEvents,
    get pid() {
      return running.pid;
    },
    stop: () => end(running, 'SIGTERM'),
    kill: () => end(running, 'SIGKILL'),
    async restart() {
      running = await launch(found, args, host);
    },
  };
}

function flags(options: VcsimOptions): string[] {
  const given = Object.entries(FLAGS).flatMap(([option, flag]) => {
    const value = options[option as keyof typeof FLAGS];
    return value === undefined ? [] : [`-${flag}=${value}`];
  });
  const delays = Object.entries(options.methodDelay ?? {}).map(([method, ms]) => `${method}:${ms}`);
  return delays.length > 0 ? [...given, `-method-delay=${delays.join(',')}`] : given;
}

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
  readonly pid: number;
  readonly userEvents: boolean;
}

async function launch(found: VcsimBinary, args: string[], address: string): Promise<Running> {
  const own = ['-l', address, ...args];
  const command = found.own
    ? [found.path, ...own, '-stdin']
    : ['sh', '-c', UNTIL_STDIN_CLOSES, 'sh', found.path, ...own];
  const child = spawn(command[0]!, command.slice(1), { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said = `${said}${chunk}`.slice(-4000);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`vcsim ended with ${code} before it listened: ${said}`)));
    createInterface(child.stdout).on('line', (line) => {
      const match = /GOVC_URL=(\S+) GOVC_SIM_PID=(\d+)/.exec(line);
      if (!match) return;
      const url = new URL(match[1]!);
      url.username = '';
      url.password = '';
      resolve({ child, url: url.href, pid: Number(match[2]), userEvents: line.includes('USER_EVENTS=true') });
    });
  });
}

async function end({ child, pid }: Running, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  process.kill(pid, signal);
  child.stdin?.end();
  await ended;
}

function presentedThumbprint(host: string): Promise<string> {
  const { hostname, port } = new URL(`https://${host}`);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false }, () => {
      const { fingerprint256 } = socket.getPeerCertificate();
      socket.destroy();
      resolve(fingerprint256.replaceAll(':', '').toLowerCase());
    });
    socket.once('error', reject);
  });
}
