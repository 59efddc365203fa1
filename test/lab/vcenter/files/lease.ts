/** A lease as a client works with it: made ready, its URLs fetched from or sent to. */
import { Agent, type Dispatcher, request } from 'undici';
import type { HttpNfcLeaseInfo } from '../../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../../src/vim25/managed-object-reference.ts';
import type { Stage } from '../vm/stage.ts';

export interface LeaseClient {
  /** Waits until it is ready; rejects with its error's class where it is not to be. */
  ready(lease: ManagedObjectReference): Promise<HttpNfcLeaseInfo>;
  state(lease: ManagedObjectReference): string;
  transfer(url: string, method?: Dispatcher.HttpMethod, body?: Buffer): Promise<{ status: number; bytes: Buffer }>;
  close(): Promise<void>;
}

export function leaseClient({ vcenter }: Pick<Stage, 'vcenter'>): LeaseClient {
  const agent = new Agent({ connect: { rejectUnauthorized: false } });
  const { objects } = vcenter.world;
  const stateOf = (lease: ManagedObjectReference) => objects.get<'HttpNfcLease'>(lease).get('state');
  return {
    async ready(lease) {
      while (stateOf(lease) === 'initializing') await new Promise((resolve) => setImmediate(resolve));
      const object = objects.get<'HttpNfcLease'>(lease);
      const error = object.get('error');
      if (error) throw Object.assign(new Error(error.localizedMessage), { fault: error.fault.$type });
      return object.get('info')!;
    },
    state: stateOf,
    async transfer(url, method = 'GET', body) {
      const answer = await request(url.replace('*', vcenter.host), {
        dispatcher: agent,
        method,
        headers: { 'content-type': 'application/x-vnd.vmware-streamVmdk', ...(method === 'PUT' && { overwrite: 't' }) },
        ...(body && { body }),
      });
      return { status: answer.statusCode, bytes: Buffer.from(await answer.body.arrayBuffer()) };
    },
    close: () => agent.close(),
  };
}
