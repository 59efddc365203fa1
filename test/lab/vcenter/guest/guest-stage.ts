/** The lab's vCenter with a client that is logged in, and its guests by what kind they are. */
import { request } from 'undici';
import { startVCenter, type VCenter, type VCenterOptions } from '../../../../lab/vcenter/vcenter.ts';
import type { Vm } from '../../../../lab/vcenter/vm/subject.ts';
import type { VimClient } from '../../../../src/vim25/client.ts';
import type { GuestFileInfo, Methods } from '../../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../../src/vim25/managed-object-reference.ts';
import { connectTo } from '../../../vim25/connect.ts';

export const PASSWORD = 'lab-guest';

type GuestMethod = {
  [M in keyof Methods]: Methods[M]['request'] extends { vm: ManagedObjectReference } ? M : never;
}[keyof Methods];

type Arguments<M extends GuestMethod> = Omit<Methods[M]['request'], '_this' | 'vm' | 'auth'> & {
  readonly auth?: unknown;
};

export interface GuestStage {
  readonly vcenter: VCenter;
  readonly client: VimClient;
  /** Calls a method of a guest's manager as `root` (`Administrator`), or as who is in `auth`. */
  call<M extends GuestMethod>(
    method: M,
    vm: Vm,
    args: Arguments<M>,
    client?: VimClient,
  ): Promise<Methods[M]['response']>;
  vm(name: string): Vm;
  /** Runs a command line and waits for its end; the files hold what it said. */
  shell(vm: Vm, line: string, auth?: unknown): Promise<{ exitCode: number; out: string; err: string }>;
  read(vm: Vm, path: string, auth?: unknown): Promise<string>;
  write(vm: Vm, path: string, text: string, more?: object): Promise<number>;
  names(vm: Vm, path: string): Promise<string[]>;
  /** An address as it was handed out, asked where this server listens. */
  transfer(url: string, body?: string | Buffer, method?: string): Promise<{ status: number; text: string }>;
  close(): Promise<void>;
}

export function as(username: string, password = PASSWORD): unknown {
  return { $type: 'NamePasswordAuthentication', interactiveSession: false, username, password };
}

export async function openGuestStage(options: VCenterOptions = {}): Promise<GuestStage> {
  const vcenter = await startVCenter({ tls: false, ...options });
  const client = await connectTo(vcenter);
  const managers = await managersOf(client);
  const admin = (vm: Vm) => as(vm.get('guest')?.guestFamily === 'windowsGuest' ? 'Administrator' : 'root');

  let runs = 0;

  const stage: GuestStage = {
    vcenter,
    client,
    call(method, vm, args, by = client) {
      const _this = /Credentials/.test(method)
        ? managers.authManager
        : /Process|Program|Environment/.test(method)
          ? managers.processManager
          : managers.fileManager;
      const auth = 'requestedAuth' in args ? {} : { auth: admin(vm) };
      const request = { _this, vm: vm.ref, ...auth, ...args };
      return by.call(method, request as never) as never;
    },
    vm(name) {
      for (const vm of vcenter.world.objects.all('VirtualMachine')) if (vm.get('name') === name) return vm;
      throw new Error(`there is no ${name}`);
    },
    async shell(vm, line, auth = admin(vm)) {
      const [outPath, errPath] = [`/tmp/out-${++runs}`, `/tmp/err-${runs}`];
      const script = `( ${line}\n) > ${outPath} 2> ${errPath}`;
      const spec = { programPath: '/bin/sh', arguments: `-c '${script.replaceAll("'", "'\\''")}'` };
      const pid = await stage.call('StartProgramInGuest', vm, { auth, spec });
      for (;;) {
        const [process] = await stage.call('ListProcessesInGuest', vm, { auth, pids: [pid] });
        if (process?.exitCode === undefined) continue;
        const { exitCode } = process;
        return { exitCode, out: await stage.read(vm, outPath, auth), err: await stage.read(vm, errPath, auth) };
      }
    },
    async read(vm, guestFilePath, auth = admin(vm)) {
      const { url } = await stage.call('InitiateFileTransferFromGuest', vm, { auth, guestFilePath });
      return (await stage.transfer(url)).text;
    },
    async write(vm, guestFilePath, text, more = {}) {
      const fileAttributes = { $type: 'GuestFileAttributes' } as never;
      const fileSize = Buffer.byteLength(text);
      const args = { guestFilePath, fileAttributes, fileSize, overwrite: true, ...more };
      return (await stage.transfer(await stage.call('InitiateFileTransferToGuest', vm, args), text)).status;
    },
    async names(vm, filePath) {
      const { files = [] } = await stage.call('ListFilesInGuest', vm, { filePath, maxResults: 1000 });
      return (files as readonly GuestFileInfo[]).map(({ path }) => path);
    },
    async transfer(url, body, method = body === undefined ? 'GET' : 'PUT') {
      const answer = await request(url.replace('*', '127.0.0.1'), { method, ...(body !== undefined && { body }) });
      return { status: answer.statusCode, text: await answer.body.text() };
    },
    async close() {
      await client.close();
      await vcenter.stop();
    },
  };
  return stage;
}

async function managersOf(client: VimClient): Promise<Record<string, ManagedObjectReference>> {
  const managers: Record<string, ManagedObjectReference> = {};
  const obj = client.serviceContent.guestOperationsManager!;
  const pathSet = ['authManager', 'fileManager', 'processManager'];
  await client.retrieveProperties([{ propSet: [{ type: obj.type, pathSet }], objectSet: [{ obj }] }], (object) => {
    for (const { name, val } of object.propSet ?? []) managers[name] = val as ManagedObjectReference;
  });
  return managers;
}
