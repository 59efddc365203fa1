/** Inside VMs, through VMware Tools: programs and files of the guest's operating system. */
import { z } from 'zod';
import { GatewayError } from '../lib/errors.ts';
import type { Secret } from '../lib/secret.ts';
import { InvalidStateError } from '../vsphere/errors.ts';
import type { Guest } from '../vsphere/guest.ts';
import {
  countGuestDirectory,
  findGuestFile,
  type GuestFile,
  keptAttributes,
  listGuestDirectory as listDirectory,
  makeGuestDirectory,
  type ReadBytes,
  readGuestFile as readFile,
  readGuestFileInfo,
  deleteGuestFile as removeFile,
  writeGuestFile as writeFile,
} from '../vsphere/guest-files.ts';
import { guestPath } from '../vsphere/guest-path.ts';
import { listGuestProcesses as listProcesses, runGuestCommand, startGuestCommand } from '../vsphere/guest-programs.ts';
import { quoted } from '../vsphere/names.ts';
import { cursor, limit, objectRef, toObjectRef, vmName } from './fields.ts';
import { ascending, page, pageFields } from './page.ts';
import { secret } from './secret-field.ts';
import { defineTool, type ServerContext } from './tool.ts';

const MOST_COMMAND = 32_768;
const MOST_OUTPUT = 64 * 1024;
const LONGEST_RUN_SECONDS = 3_600;
/** What comes before and after a command takes its time, too. */
const RUN_OVERHEAD_SECONDS = 300;
const MOST_FILE = 1024 * 1024;

/** A text for a shell: of the controls, only tabs and ends of lines. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is refused
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;

const commandText = z
  .string()
  .max(MOST_COMMAND)
  .refine((text) => !CONTROLS.test(text), 'holds control characters');

const login = {
  name: vmName,
  username: z.string().min(1).max(256).describe('User of the guest.'),
  password: secret(''),
};
const path = z.string().min(1).max(4096).describe('Full path in the guest.');
const encoding = z.enum(['utf-8', 'base64']);
const target = ({ name }: { readonly name: string }) => name;

export const runCommandInGuest = defineTool({
  name: 'run_command_in_guest',
  title: 'Run command in guest',
  description:
    'Run a command line or script in a running VM by its shell (sh, cmd): stdout, stderr and exit code. Needs VMware Tools and a user of the guest. At the timeout it is killed.',
  permission: 'FULL_ADMIN',
  effect: 'update',
  destructive: true,
  deadlineSeconds: LONGEST_RUN_SECONDS + RUN_OVERHEAD_SECONDS,
  input: {
    ...login,
    command: commandText.min(1).describe('As typed at a prompt.'),
    arguments: commandText.default('').describe('Put behind it.'),
    working_directory: path.optional(),
    wait_for_completion: z.boolean().default(true).describe('false: only start it; no output.'),
    timeout_seconds: z.int().min(1).max(LONGEST_RUN_SECONDS).default(300),
  },
  output: {
    vm: objectRef,
    pid: z.int(),
    command: z.string(),
    arguments: z.string(),
    started: z.string().optional(),
    completed: z.boolean(),
    exit_code: z.int().optional(),
    end_time: z.string().optional(),
    timeout: z.boolean(),
    stdout: z.string().optional(),
    stderr: z.string().optional(),
    stdout_bytes: z.int().optional(),
    stderr_bytes: z.int().optional(),
    truncated: z.boolean().describe('Only the first 64 KiB of an output are here.'),
  },
  target,
  async handler(given, context) {
    const { command, arguments: rest, working_directory, timeout_seconds } = given;
    const guest = await enter(given, context);
    const folder = working_directory === undefined ? undefined : guestPath(working_directory, guest.family);
    if (folder !== undefined) await requireDirectory(guest, folder);
    const toRun = { line: rest === '' ? command : `${command} ${rest}`, folder };
    const about = { vm: toObjectRef(guest.vm), command, arguments: rest };
    await context.acting(guest.vm);
    if (!given.wait_for_completion) {
      const pid = await startGuestCommand(guest, toRun);
      context.changed();
      return { ...about, pid, completed: false, timeout: false, truncated: false };
    }
    const { pid, process, timedOut, stdout, stderr } = await runGuestCommand(guest, toRun, {
      timeoutMs: timeout_seconds * 1000,
      mostOutput: MOST_OUTPUT,
      onStarted: context.changed,
      onWaiting: (ms) =>
        context.progress((100 * ms) / (timeout_seconds * 1000), `The command runs for ${Math.round(ms / 1000)} s.`),
    });
    return {
      ...about,
      pid,
      ...(process === undefined ? {} : { started: process.started, end_time: process.ended }),
      completed: process?.ended !== undefined,
      exit_code: process?.exitCode,
      timeout: timedOut,
      stdout: textOf(stdout),
      stderr: textOf(stderr),
      stdout_bytes: stdout.size,
      stderr_bytes: stderr.size,
      truncated: [stdout, stderr].some(({ bytes, size }) => bytes.length < size),
    };
  },
});

export const listGuestProcesses = defineTool({
  name: 'list_guest_processes',
  title: 'List guest processes',
  description:
    'Processes in the operating system of a running VM, also those that run_command_in_guest started and that ended lately, with exit code. Needs VMware Tools and a user of the guest.',
  permission: 'FULL_ADMIN',
  effect: 'read',
  input: { ...login, limit, cursor },
  output: {
    vm: objectRef,
    processes: z.array(
      z.object({
        pid: z.int(),
        name: z.string(),
        owner: z.string(),
        command: z.string(),
        start_time: z.string(),
        end_time: z.string().optional(),
        exit_code: z.int().optional(),
      }),
    ),
    ...pageFields,
  },
  target,
  async handler(given, context) {
    const guest = await look(given, context);
    const all = await listProcesses(guest);
    const { items, ...rest } = page(`guest-processes ${guest.vm.id}`, all, processKey, given);
    const processes = items.map(({ started, ended, exitCode, ...process }) => ({
      ...process,
      start_time: started,
      end_time: ended,
      exit_code: exitCode,
    }));
    return { vm: toObjectRef(guest.vm), processes, ...rest };
  },
});

export const readGuestFile = defineTool({
  name: 'read_guest_file',
  title: 'Read guest file',
  description:
    'The content of a file inside a running VM, up to 1 MiB; of a larger one run_command_in_guest reads a part. Needs VMware Tools and a user of the guest.',
  permission: 'FULL_ADMIN',
  effect: 'read',
  deadlineSeconds: 180,
  input: { ...login, guest_path: path },
  output: { vm: objectRef, path: z.string(), size: z.int(), content: z.string(), encoding },
  target,
  async handler(given, context) {
    const guest = await look(given, context);
    const file = guestPath(given.guest_path, guest.family);
    const { type } = await readGuestFileInfo(guest, file);
    if (type === 'directory') throw isDirectory(file, 'list_guest_directory shows what is in it.');
    const { bytes, size } = await readFile(guest, file, MOST_FILE);
    if (size > bytes.length) {
      const advice = `at most ${MOST_FILE} can be read. run_command_in_guest can read a part of it.`;
      throw new GatewayError('INVALID_INPUT', `${quoted(file)} has ${size} bytes; ${advice}`);
    }
    return { vm: toObjectRef(guest.vm), path: file, size, ...contentOf(bytes) };
  },
});

export const writeGuestFile = defineTool({
  name: 'write_guest_file',
  title: 'Write guest file',
  description:
    'Create or replace a file inside a running VM, up to 1 MiB; one that is replaced keeps its mode. Needs VMware Tools and a user of the guest.',
  permission: 'FULL_ADMIN',
  effect: 'update',
  destructive: true,
  idempotent: true,
  input: {
    ...login,
    guest_path: path,
    content: secret(''),
    encoding: encoding.default('utf-8').describe('Of content.'),
    overwrite: z.boolean().default(true),
  },
  output: { vm: objectRef, path: z.string(), size: z.int(), modified: z.string().optional(), replaced: z.boolean() },
  target,
  async handler(given, context) {
    const bytes = bytesOf(given.content, given.encoding);
    const guest = await enter(given, context);
    const file = guestPath(given.guest_path, guest.family);
    const before = await findGuestFile(guest, file);
    if (before?.type === 'directory') throw isDirectory(file, 'give the path of a file in it.');
    if (before !== undefined && !given.overwrite) {
      throw new GatewayError('INVALID_INPUT', `${quoted(file)} exists already: overwrite replaces it.`);
    }
    await context.acting(guest.vm);
    await writeFile(guest, file, bytes, {
      overwrite: given.overwrite,
      ...(before === undefined ? {} : { attributes: keptAttributes(guest, before) }),
    });
    context.changed();
    const { size, modified } = await readGuestFileInfo(guest, file);
    return { vm: toObjectRef(guest.vm), path: file, size, modified, replaced: before !== undefined };
  },
});

export const listGuestDirectory = defineTool({
  name: 'list_guest_directory',
  title: 'List guest directory',
  description:
    'What is in a directory inside a running VM: names, types, sizes, times. Needs VMware Tools and a user of the guest. For files of datastores: browse_datastore.',
  permission: 'FULL_ADMIN',
  effect: 'read',
  input: { ...login, guest_path: path, limit, cursor },
  output: {
    vm: objectRef,
    path: z.string(),
    entries: z.array(
      z.object({
        name: z.string(),
        type: z.string().describe('file, directory or symlink'),
        size: z.number().describe('bytes'),
        modified: z.string().optional(),
        owner: z.int().optional().describe('user id'),
        mode: z.string().optional(),
      }),
    ),
    ...pageFields,
  },
  target,
  async handler(given, context) {
    const guest = await look(given, context);
    const folder = guestPath(given.guest_path, guest.family);
    const all = await listDirectory(guest, folder);
    const { items, ...rest } = page(`guest-files ${guest.vm.id} ${folder}`, all, ({ name }) => name, given);
    return { vm: toObjectRef(guest.vm), path: folder, entries: items.map(toEntry), ...rest };
  },
});

export const createGuestDirectory = defineTool({
  name: 'create_guest_directory',
  title: 'Create guest directory',
  description:
    'Make a directory inside a running VM, with those above it unless create_parents is false. Needs VMware Tools and a user of the guest.',
  permission: 'FULL_ADMIN',
  effect: 'create',
  input: { ...login, guest_path: path, create_parents: z.boolean().default(true) },
  output: { vm: objectRef, path: z.string(), type: z.string(), modified: z.string().optional() },
  target,
  async handler(given, context) {
    const guest = await enter(given, context);
    const folder = guestPath(given.guest_path, guest.family);
    const before = await findGuestFile(guest, folder);
    if (before !== undefined) {
      throw new GatewayError('INVALID_INPUT', `${quoted(folder)} exists already: it is a ${quoted(before.type)}.`);
    }
    await context.acting(guest.vm);
    await makeGuestDirectory(guest, folder, given.create_parents);
    context.changed();
    const { type, modified } = await readGuestFileInfo(guest, folder);
    return { vm: toObjectRef(guest.vm), path: folder, type, modified };
  },
});

export const deleteGuestFile = defineTool({
  name: 'delete_guest_file',
  title: 'Delete guest file',
  description:
    'Delete a file, a link or an empty directory inside a running VM, for good. Needs VMware Tools and a user of the guest.',
  permission: 'FULL_ADMIN',
  effect: 'delete',
  input: { ...login, guest_path: path },
  output: { vm: objectRef, path: z.string(), type: z.string(), deleted: z.boolean() },
  target,
  async handler(given, context) {
    const guest = await enter(given, context);
    const file = guestPath(given.guest_path, guest.family);
    const { type } = await readGuestFileInfo(guest, file);
    const entries = type === 'directory' ? await countGuestDirectory(guest, file) : 0;
    if (entries > 0) {
      const advice = 'delete them first.';
      throw new InvalidStateError(`The directory ${quoted(file)} is not empty, it holds ${entries} entries: ${advice}`);
    }
    await context.acting(guest.vm);
    await removeFile(guest, file, type);
    context.changed();
    return { vm: toObjectRef(guest.vm), path: file, type, deleted: (await findGuestFile(guest, file)) === undefined };
  },
});

interface Login {
  readonly name: string;
  readonly username: string;
  readonly password: Secret;
}

/** The guest for a tool that only looks. */
async function look({ name, username, password }: Login, { vsphere, reading }: ServerContext): Promise<Guest> {
  const vm = await vsphere.inventory.find('VirtualMachine', name);
  reading(vm);
  return vsphere.guests.open(vm, { username, password });
}

/** The guest for a tool that changes something: the login is known to be good before anything is announced or done. */
async function enter({ name, username, password }: Login, { vsphere }: ServerContext): Promise<Guest> {
  const vm = await vsphere.inventory.find('VirtualMachine', name);
  const guest = await vsphere.guests.open(vm, { username, password });
  await guest.validateLogin();
  return guest;
}

async function requireDirectory(guest: Guest, folder: string): Promise<void> {
  const { type } = await readGuestFileInfo(guest, folder);
  if (type === 'file') throw new GatewayError('INVALID_INPUT', `${quoted(folder)} is a file and no directory.`);
}

function isDirectory(file: string, advice: string): GatewayError {
  return new GatewayError('INVALID_INPUT', `${quoted(file)} is a directory: ${advice}`);
}

function processKey({ pid, started }: { readonly pid: number; readonly started: string }): string {
  return `${ascending(pid)} ${started}`;
}

function toEntry({ name, type, size, modified, owner, permissions }: GuestFile) {
  return { name, type, size, modified, owner, mode: permissions?.toString(8).padStart(4, '0') };
}

/** What programs say is mostly text; what is none, or was cut within a character, shows as U+FFFD. */
function textOf({ bytes }: ReadBytes): string {
  return new TextDecoder('utf-8').decode(bytes);
}

function contentOf(bytes: Buffer): { content: string; encoding: z.output<typeof encoding> } {
  try {
    const content = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    if (!content.includes('\0')) return { content, encoding: 'utf-8' };
  } catch {
    // No text: as it is.
  }
  return { content: bytes.toString('base64'), encoding: 'base64' };
}

/** Errors: INVALID_INPUT for what is no Base64. */
function bytesOf(content: Secret, given: z.output<typeof encoding>): Buffer {
  const text = content.reveal();
  if (given === 'utf-8') return Buffer.from(text, 'utf8');
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(text)) throw new GatewayError('INVALID_INPUT', 'content is no Base64.');
  return Buffer.from(text, 'base64');
}
