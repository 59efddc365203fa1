import { type Clock, systemClock } from '../../src/lib/clock.ts';
import { createLogger } from '../../src/lib/logger.ts';
import { Secret } from '../../src/lib/secret.ts';
import { connectVim, type VimClient, type VimClientOptions } from '../../src/vim25/client.ts';
import type { ManagedObjectReference } from '../../src/vim25/managed-object-reference.ts';
import type { Vcsim } from '../support/vcsim.ts';

export function connectTo(
  server: Pick<Vcsim, 'url' | 'user' | 'password'>,
  options: Partial<VimClientOptions> = {},
): Promise<VimClient> {
  return connectVim({
    url: server.url,
    username: server.user,
    password: new Secret(server.password),
    tls: { insecure: true },
    clock: systemClock,
    logger: createLogger('silent'),
    ...options,
  });
}

/** The simulator behind something that listens elsewhere. */
export function through(vcsim: Vcsim, host: string): Pick<Vcsim, 'url' | 'user' | 'password'> {
  return { url: vcsim.url.replace(vcsim.host, host), user: vcsim.user, password: vcsim.password };
}

export function viewOfVms(client: VimClient): Promise<ManagedObjectReference> {
  const { viewManager, rootFolder } = client.serviceContent;
  return client.call('CreateContainerView', {
    _this: viewManager!,
    container: rootFolder,
    type: ['VirtualMachine'],
    recursive: true,
  });
}

/** The names of all VMs by a view, as pages of `maxObjects`. */
export async function namesIn(
  client: VimClient,
  view: ManagedObjectReference,
  maxObjects?: number,
): Promise<Map<string, ManagedObjectReference>> {
  const names = new Map<string, ManagedObjectReference>();
  const content = { $type: 'TraversalSpec', type: 'ContainerView', path: 'view', skip: false };
  await client.retrieveProperties(
    [
      {
        propSet: [{ type: 'VirtualMachine', pathSet: ['name'] }],
        objectSet: [{ obj: view, skip: true, selectSet: [content] }],
      },
    ],
    ({ obj, propSet }) => names.set(String(propSet?.[0]?.val), obj),
    { maxObjects },
  );
  return names;
}

/** A VM by name, on a view of its own. */
export async function vmOf(client: VimClient, name: string): Promise<ManagedObjectReference> {
  const vm = (await namesIn(client, await viewOfVms(client))).get(name);
  if (!vm) throw new Error(`there is no ${name}`);
  return vm;
}

/** A clock that stands still until it is told how much time has passed. */
export function standingClock(): Clock & { pass(ms: number): void } {
  let time = 0;
  return {
    ...systemClock,
    monotonic: () => time,
    pass(ms) {
      time += ms;
    },
  };
}
