/** What the tests of files, leases and packages share: a lab, its raw HTTP side, and tasks waited for. */
import { Agent, type Dispatcher, request } from 'undici';
import type { ManagedObject } from '../../../../lab/vcenter/core/managed-object.ts';
import type { FileTree } from '../../../../lab/vcenter/files/tree.ts';
import { startVCenter, type VCenter, type VCenterOptions } from '../../../../lab/vcenter/vcenter.ts';
import type { VimClient } from '../../../../src/vim25/client.ts';
import type { ManagedObjectReference } from '../../../../src/vim25/managed-object-reference.ts';
import { connectTo } from '../../../vim25/connect.ts';

export const PASSWORD = 'lab-password';
/** May look, and change nothing. */
export const LIMITED = 'reader@vsphere.local';

export interface Bench {
  readonly vcenter: VCenter;
  readonly client: VimClient;
  readonly datacenter: ManagedObjectReference;
  datastore(name: string): ManagedObject<'Datastore'>;
  files(name: string): FileTree;
  /** The result of a task that succeeds; throws its error's class and message. */
  done(task: Promise<ManagedObjectReference>): Promise<unknown>;
  http(path: string, options?: HttpOptions): Promise<HttpAnswer>;
  close(): Promise<void>;
}

export interface HttpOptions {
  readonly method?: Dispatcher.HttpMethod;
  readonly headers?: Record<string, string>;
  readonly body?: Buffer | string | AsyncIterable<Buffer>;
  /** Default: the administrator by name and password. */
  readonly anonymous?: boolean;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData['headers'];
  readonly bytes: Buffer;
}

export async function openBench(options: VCenterOptions = {}): Promise<Bench> {
  const accounts = [
    { name: 'administrator@vsphere.local', password: PASSWORD },
    { name: LIMITED, password: PASSWORD, may: (privilege: string) => /^(?:System|Datastore\.Browse)/.test(privilege) },
  ];
  const vcenter = await startVCenter({ vms: 12, accounts, ...options });
  const client = await connectTo(vcenter);
  const { world } = vcenter;
  const agent = new Agent({ connect: { rejectUnauthorized: false } });
  const [datacenter] = world.objects.all('Datacenter');
  const bench: Bench = {
    vcenter,
    client,
    datacenter: datacenter!.ref,
    datastore(name) {
      const found = [...world.objects.all('Datastore')].find((each) => each.get('name') === name);
      if (!found) throw new Error(`there is no datastore ${name}`);
      return found;
    },
    files: (name) => world.files.of(bench.datastore(name)),
    async done(task) {
      const ref = await task;
      for (;;) {
        const { state, error, result } = world.objects.get<'Task'>(ref).get('info');
        if (state === 'error') throw Object.assign(new Error(error!.localizedMessage), { fault: error!.fault.$type });
        if (state === 'success') return result;
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    async http(path, { method = 'GET', headers = {}, body, anonymous = false } = {}) {
      const basic = `Basic ${Buffer.from(`${vcenter.user}:${PASSWORD}`).toString('base64')}`;
      const answer = await request(`https://${vcenter.host}${path}`, {
        dispatcher: agent,
        method,
        headers: { ...(!anonymous && { authorization: basic }), ...headers },
        ...(body !== undefined && { body: body as Buffer }),
      });
      return {
        status: answer.statusCode,
        headers: answer.headers,
        bytes: Buffer.from(await answer.body.arrayBuffer()),
      };
    },
    async close() {
      await client.close();
      await agent.close();
      await vcenter.stop();
    },
  };
  return bench;
}
