/** Managed servers that lose a call's connection at a chosen moment: the far end is real until then. */
import { GatewayError } from '../../src/lib/errors.ts';
import type { ManagedServers } from '../../src/vsphere/managed-servers.ts';
import type { VsphereCall } from '../../src/vsphere/vsphere.ts';

export interface Interruption {
  /** The method that is the last one to be answered. */
  method: string;
  /** Answered here, for methods that the simulator does not have. */
  answeredHere?: boolean;
  /** What all later requests fail with. Default: the connection is gone. */
  error?: GatewayError;
}

/** @param interruption looked at with each call; undefined lets everything through */
export function interrupted(servers: ManagedServers, interruption: () => Interruption | undefined): ManagedServers {
  return {
    ...servers,
    async get(name, signal) {
      const server = await servers.get(name, signal);
      return { ...server, forCall: (options) => interrupt(server.forCall(options), interruption()) };
    },
  };
}

function interrupt(call: VsphereCall, interruption: Interruption | undefined): VsphereCall {
  if (interruption === undefined) return call;
  let lost = false;
  const guard =
    <A extends unknown[], R>(work: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (lost) throw interruption.error ?? new GatewayError('UNAVAILABLE', 'the connection is gone');
      const here = interruption.answeredHere === true && args[0] === interruption.method;
      const answer = here ? (undefined as R) : await work(...args);
      lost = args[0] === interruption.method;
      return answer;
    };
  return {
    ...call,
    call: guard(call.call) as VsphereCall['call'],
    read: guard(call.read) as VsphereCall['read'],
    readOne: guard(call.readOne) as VsphereCall['readOne'],
    readAll: guard(call.readAll) as VsphereCall['readAll'],
  };
}
