/** HostSystem: whether vCenter talks to a host, and what becomes of its VMs meanwhile. */
import type { HostConnectInfo, HostSystemConnectionState } from '../../../src/vim25/generated/types.ts';
import { fault, notSupported } from '../core/faults.ts';
import { type Call, type MethodTable, requires } from '../core/method.ts';
import type { Session } from '../core/sessions.ts';
import type { World } from '../core/world.ts';
import { postVmEvent } from '../vm/vm-events.ts';
import { asHost, type Host, invalidState, postHostEvent, setRuntime, vmsOn } from './subject.ts';

const PRIVILEGE = 'Host.Config.Connection';

interface Doing {
  readonly world: World;
  /** Undefined: nobody did it, it happened. */
  readonly session?: Session | undefined;
}

/** The host is not heard any more, and nothing is known of its VMs. */
export function loseHost(
  doing: Doing,
  host: Host,
  state: Exclude<HostSystemConnectionState, 'connected'> = 'notResponding',
): void {
  setRuntime(host, { connectionState: state });
  for (const vm of vmsOn(doing.world, host)) {
    const runtime = vm.get('runtime');
    if (runtime.connectionState !== 'connected') continue;
    vm.set({ runtime: { ...runtime, connectionState: 'disconnected' } });
    if (doing.session)
      postVmEvent({ ...doing, session: doing.session }, 'VmDisconnectedEvent', vm, '{vm} is disconnected');
  }
  if (state === 'disconnected') postHostEvent(doing, 'HostDisconnectedEvent', host, 'Disconnected from {host}.');
  else postHostEvent(doing, 'HostConnectionLostEvent', host, 'Host {host} is not responding');
}

export function findHostAgain(doing: Doing, host: Host): void {
  setRuntime(host, { connectionState: 'connected', powerState: 'poweredOn' });
  for (const vm of vmsOn(doing.world, host)) {
    const runtime = vm.get('runtime');
    if (runtime.connectionState !== 'disconnected') continue;
    vm.set({ runtime: { ...runtime, connectionState: 'connected' } });
    if (doing.session) postVmEvent({ ...doing, session: doing.session }, 'VmConnectedEvent', vm, '{vm} is connected');
  }
  postHostEvent(doing, 'HostConnectedEvent', host, 'Connected to {host}');
}

function change(call: Call, name: 'disconnect' | 'reconnect', run: (host: Host) => void) {
  const host = asHost(call.self);
  // A host knows of no vCenter to connect to.
  if (call.world.kind === 'esxi') throw notSupported('it is not managed by a vCenter');
  return call.world.tasks.start(call, {
    descriptionId: `HostSystem.${name}`,
    name: name === 'disconnect' ? 'DisconnectHost_Task' : 'ReconnectHost_Task',
    entity: host,
    run: () => run(host),
  });
}

export const connectionMethods: MethodTable = {
  DisconnectHost_Task: requires(PRIVILEGE, (call) =>
    change(call, 'disconnect', (host) => {
      if (host.get('runtime').connectionState !== 'connected') throw invalidState();
      loseHost(call, host, 'disconnected');
    }),
  ),
  ReconnectHost_Task: requires(PRIVILEGE, (call) =>
    change(call, 'reconnect', (host) => {
      const { connectionState, powerState } = host.get('runtime');
      if (connectionState === 'connected') throw invalidState();
      if (powerState !== 'poweredOn') {
        throw fault('HostConnectFault', {}, 'Cannot complete the operation: the host cannot be reached.');
      }
      findHostAgain(call, host);
    }),
  ),
  QueryHostConnectionInfo: requires(PRIVILEGE, ({ world, self }) => connectionInfo(world, asHost(self))),
};

function connectionInfo(world: World, host: Host): HostConnectInfo {
  const parent = world.objects.find(host.get('parent'))?.as('ClusterComputeResource');
  return {
    ...(world.kind === 'vcenter' && { serverIp: '127.0.0.1' }),
    inDasCluster: parent?.get('configuration').dasConfig.enabled === true,
    host: host.get('summary'),
    vm: vmsOn(world, host).map((vm) => vm.get('summary')),
    vimAccountNameRequired: false,
    clusterSupported: true,
    network: host
      .get('network')
      .flatMap((ref) => world.objects.find(ref)?.as('Network')?.get('summary') ?? [])
      .map((summary) => ({ $type: 'HostNewNetworkConnectInfo', summary })),
    datastore: host
      .get('datastore')
      .flatMap((ref) => world.objects.find(ref)?.as('Datastore')?.get('summary') ?? [])
      .map((summary) => ({ $type: 'HostDatastoreExistsConnectInfo', summary, newDatastoreName: summary.name })),
    capability: host.get('capability'),
  };
}
