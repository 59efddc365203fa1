/** A connection to a simulated server as the tests of this room need it: with its requests counted. */
import { systemClock } from '../../src/lib/clock.ts';
import { createLogger, type Logger } from '../../src/lib/logger.ts';
import { Secret } from '../../src/lib/secret.ts';
import { connectVim, type VimClient } from '../../src/vim25/client.ts';
import type { PlacementPreferences } from '../../src/vsphere/placement.ts';
import type { ManagedObjectReference } from '../../src/vsphere/references.ts';
import { type ConnectedVsphere, createVsphere } from '../../src/vsphere/server-connection.ts';
import type { VsphereCall } from '../../src/vsphere/vsphere.ts';
import type { Vcsim } from '../support/vcsim.ts';

export interface Connected {
  readonly client: VimClient;
  readonly vsphere: ConnectedVsphere;
  readonly call: VsphereCall;
  /** Requests made through calls of this connection so far. */
  requests(): number;
  close(): Promise<void>;
}

interface Options {
  readonly placement?: PlacementPreferences;
  readonly pageSize?: number;
  readonly logger?: Logger;
}

export const silent = createLogger('silent');

function connectClient({ url, user, password }: Pick<Vcsim, 'url' | 'user' | 'password'>): Promise<VimClient> {
  return connectVim({
    url,
    username: user,
    password: new Secret(password),
    tls: { insecure: true },
    userAgent: 'mcvsphere-test',
    clock: systemClock,
    logger: silent,
  });
}

export async function connect(
  vcsim: Pick<Vcsim, 'url' | 'user' | 'password'>,
  options: Options = {},
): Promise<Connected> {
  const client = await connectClient(vcsim);
  let count = 0;
  const vsphere = createVsphere({
    name: 'test',
    client,
    clock: systemClock,
    logger: silent,
    onOutcome: () => {
      count++;
    },
    ...options,
  });
  return {
    client,
    vsphere,
    call: callOf(vsphere),
    requests: () => count,
    close: () => vsphere.close(),
  };
}

export function callOf(vsphere: Pick<ConnectedVsphere, 'forCall'>, signal = new AbortController().signal): VsphereCall {
  return vsphere.forCall({ operationId: 'test-operation', signal });
}

/** The code and message of what a call rejects with. */
export async function failure(work: Promise<unknown>): Promise<{ code: string; message: string }> {
  try {
    await work;
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return { code, message };
  }
  throw new Error('it was expected to fail');
}

/** A VM with a given name in a folder, made by a call of its own. */
export async function makeVm(
  call: VsphereCall,
  name: string,
  { folder, pool }: { folder?: ManagedObjectReference; pool?: ManagedObjectReference } = {},
): Promise<ManagedObjectReference> {
  const datastore = await call.defaults.datastore();
  const task = await call.call('CreateVM_Task', {
    _this: folder ?? (await call.defaults.vmFolder()).ref,
    config: { name, guestId: 'otherGuest', numCPUs: 1, memoryMB: 32, files: { vmPathName: `[${datastore.name}]` } },
    pool: pool ?? (await call.defaults.resourcePool()).ref,
  });
  const { result } = await call.tasks.wait(task);
  return result as ManagedObjectReference;
}

export async function makeFolder(
  call: VsphereCall,
  name: string,
  parent?: ManagedObjectReference,
): Promise<ManagedObjectReference> {
  return call.call('CreateFolder', { _this: parent ?? (await call.defaults.vmFolder()).ref, name });
}
