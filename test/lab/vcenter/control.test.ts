import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startVCenter, type VCenter } from '../../../lab/vcenter/vcenter.ts';
import type { VimClient } from '../../../src/vim25/client.ts';
import { connectTo, namesIn, viewOfVms } from '../../vim25/connect.ts';

let vcenter: VCenter;
let client: VimClient;

beforeAll(async () => {
  vcenter = await startVCenter({ vms: 10, tls: false, control: true });
  client = await connectTo(vcenter);
});
afterEach(() => ask('reset'));
afterAll(async () => {
  await client?.close();
  await vcenter?.stop();
});

async function ask(
  deed: string,
  body?: unknown,
  { token = vcenter.control?.token, method = 'POST' }: { token?: string | undefined; method?: string } = {},
): Promise<{ status: number; json: Record<string, unknown> }> {
  const response = await fetch(`${vcenter.control?.url}/${deed}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}

const names = async () => [...(await namesIn(client, await viewOfVms(client))).keys()];
const currentTime = () => client.call('CurrentTime', { _this: { type: 'ServiceInstance', value: 'ServiceInstance' } });

describe('the control API', () => {
  it('is not there where it was not asked for', async () => {
    const other = await startVCenter({ vms: 1, tls: false });
    const response = await fetch(`http://${other.host}/lab/control/reset`, { method: 'POST' });
    expect(response.status).toBe(404);
    expect(other.control).toBeUndefined();
    await other.stop();
  });

  it('does nothing without its token', async () => {
    const before = vcenter.world.sessions.list().length;
    for (const token of ['', 'wrong', `${vcenter.control?.token}x`]) {
      expect((await ask('expire-sessions', undefined, { token })).status).toBe(401);
    }
    expect(vcenter.world.sessions.list()).toHaveLength(before);
  });

  it('ends every session, and the client logs in again', async () => {
    await names();
    const { json } = await ask('expire-sessions');
    expect(json.ended).toBeGreaterThan(0);
    expect(await names()).toHaveLength(10);
  });

  it('drops a connection before or after the call is carried out', async () => {
    const create = () =>
      client.call('CreateContainerView', {
        _this: client.serviceContent.viewManager!,
        container: client.serviceContent.rootFolder,
        recursive: true,
      });
    for (const when of ['before', 'after']) {
      await ask('drop-next', { when, method: 'CreateContainerView' });
      await expect(create()).rejects.toThrow();
      expect((await create()).type).toBe('ContainerView');
    }
  });

  it('answers the next call by a fault, of that method alone', async () => {
    const fault = { $type: 'NoPermission', object: client.serviceContent.rootFolder, privilegeId: 'System.Read' };
    await ask('fail-next', { fault, message: 'Not today.', method: 'CreateContainerView' });
    await currentTime();
    await expect(viewOfVms(client)).rejects.toMatchObject({ faultType: 'NoPermission' });
    expect((await viewOfVms(client)).type).toBe('ContainerView');
  });

  it('fails the next task', async () => {
    const fault = { $type: 'NoDiskSpace', datastore: 'full', file: '[full] x' };
    expect((await ask('fail-next-task', { fault, name: 'Anything_Task' })).status).toBe(200);
    const [vm] = vcenter.world.objects.all('VirtualMachine');
    const [session] = vcenter.world.sessions.list();
    const ref = vcenter.world.tasks.start(
      { session: session!, operationId: undefined },
      { name: 'Anything_Task', descriptionId: 'a.b', entity: vm!, run: () => undefined },
    );
    await vcenter.world.tasks.idle();
    const { state, error } = vcenter.world.objects.get(ref, 'Task').get('info');
    expect(state).toBe('error');
    expect(error?.fault).toMatchObject({ $type: 'NoDiskSpace', datastore: 'full' });
  });

  it('forgets what was planned when it is reset', async () => {
    const fault = { $type: 'NotSupported' };
    await ask('fail-next', { fault });
    await ask('fail-next-task', { fault });
    await ask('drop-next', { when: 'before' });
    await ask('reset');
    await currentTime();
    const [vm] = vcenter.world.objects.all('VirtualMachine');
    const [session] = vcenter.world.sessions.list();
    const ref = vcenter.world.tasks.start(
      { session: session!, operationId: undefined },
      { name: 'Another_Task', descriptionId: 'a.b', entity: vm!, run: () => undefined },
    );
    await vcenter.world.tasks.idle();
    expect(vcenter.world.objects.get(ref, 'Task').get('info').state).toBe('success');
  });

  it('delays calls until it is told otherwise', async () => {
    await ask('delay', { ms: 600_000, method: 'CurrentTime' });
    const late = currentTime().then(
      () => 'answered',
      () => 'ended',
    );
    expect(await Promise.race([late, sleep(200, 'waiting')])).toBe('waiting');
    await ask('delay', { ms: 0, method: 'CurrentTime' });
    await currentTime();
    await ask('restart');
    // By a client that asks again for what it may ask again, over a new connection.
    expect(await late).toBe('answered');
    await expect.poll(names).toHaveLength(10);
  });

  it('fills a datastore but for what is to be left, and empties it again', async () => {
    const [datastore] = vcenter.world.objects.all('Datastore');
    const name = datastore!.get('name');
    const before = datastore!.get('summary').freeSpace;
    expect((await ask('fill-datastore', { name, leave_bytes: 1024 })).json).toEqual({ free_bytes: 1024 });
    expect(datastore!.get('summary').freeSpace).toBe(1024);
    expect((await ask('fill-datastore', { name })).json).toEqual({ free_bytes: 0 });
    expect((await ask('empty-datastore', { name })).json).toEqual({ free_bytes: before });
  });

  it('has a host fall silent, with its VMs, and come back', async () => {
    const host = [...vcenter.world.objects.all('HostSystem')].find((each) => each.get('vm').length > 0)!;
    const states = () => [
      host.get('runtime').connectionState,
      ...host.get('vm').map((ref) => vcenter.world.objects.get(ref, 'VirtualMachine').get('runtime').connectionState),
    ];
    await ask('disconnect-host', { name: host.get('name') });
    expect(new Set(states())).toEqual(new Set(['notResponding', 'disconnected']));
    expect(vcenter.world.events.all().at(-1)?.$type).toBe('HostConnectionLostEvent');
    await ask('reconnect-host', { name: host.id });
    expect(new Set(states())).toEqual(new Set(['connected']));
  });

  it('tells what there is to ask for', async () => {
    const { json } = await ask('', undefined, { method: 'GET' });
    expect(json.deeds).toContain('fill-datastore');
    expect((await ask('no-such-deed')).json.deeds).toEqual(json.deeds);
    expect((await ask('reset', undefined, { method: 'GET' })).status).toBe(405);
  });

  it.each<[string, unknown]>([
    ['delay', '{'],
    ['delay', 'null'],
    ['delay', { ms: -1 }],
    ['delay', { ms: 'long' }],
    ['delay', { ms: 1, more: true }],
    ['delay', `{"ms":${' '.repeat(70_000)}1}`],
    ['drop-next', { when: 'sometimes' }],
    ['fail-next', { fault: { $type: 'VirtualMachine' } }],
    ['fail-next', { fault: { $type: 'UserSession' } }],
    ['fail-next', { fault: { $type: '__proto__' } }],
    ['fail-next', { fault: 'NoPermission' }],
    ['fill-datastore', { name: 'nowhere' }],
    ['disconnect-host', { name: '' }],
  ])('refuses what makes no sense: %s %j', async (deed, body) => {
    const { status, json } = await ask(deed, body);
    expect(status).toBe(400);
    expect(json.error).toEqual(expect.any(String));
    await currentTime();
  });
});
