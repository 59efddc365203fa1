import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inventoryPath } from '../../../lab/vcenter/inventory/ancestry.ts';
import { startVCenter, type VCenter } from '../../../lab/vcenter/vcenter.ts';

interface Answer {
  readonly status: number;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: any JSON
  readonly json: any;
}

let vcenter: VCenter;
let origin: string;
let session: string;

beforeAll(async () => {
  vcenter = await startVCenter({
    vms: 20,
    tls: false,
    accounts: [
      { name: 'administrator@vsphere.local', password: 'lab-password' },
      { name: 'reader', password: 'reads', may: (privilege) => privilege.startsWith('System.') },
    ],
  });
  origin = `http://${vcenter.host}`;
  session = (await ask('POST', '/api/session', { headers: basic(vcenter.user, vcenter.password) })).json;
});
afterAll(() => vcenter?.stop());

function basic(user: string, password: string): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}

async function ask(
  method: string,
  path: string,
  { body, headers }: { body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const response = await fetch(`${origin}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...(headers ?? { 'vmware-api-session-id': session }) },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, text, json: text === '' ? undefined : JSON.parse(text) };
}

const api = (method: string, path: string, body?: unknown) => ask(method, `/api/cis/tagging/${path}`, { body });
const rest = (method: string, path: string, body?: unknown) =>
  ask(method, `/rest/com/vmware/cis/tagging/${path}`, { body });

async function newCategory(changes: object = {}): Promise<string> {
  const spec = { name: crypto.randomUUID(), description: '', cardinality: 'MULTIPLE', associable_types: [] };
  return (await api('POST', 'category', { ...spec, ...changes })).json;
}

async function newTag(category_id: string, name: string = crypto.randomUUID()): Promise<string> {
  return (await api('POST', 'tag', { category_id, name, description: 'of a test' })).json;
}

function vmIds(): { type: string; id: string }[] {
  return [...vcenter.world.objects.all('VirtualMachine')].map(({ ref }) => ({ type: ref.type, id: ref.value }));
}

describe('the REST session', () => {
  it('is made by Basic authentication, tells who it is of, and ends', async () => {
    const made = await ask('POST', '/api/session', { headers: basic(vcenter.user, vcenter.password) });
    expect(made.status).toBe(201);
    const headers = { 'vmware-api-session-id': made.json };
    const told = await ask('GET', '/api/session', { headers });
    expect(told.json).toMatchObject({ user: 'administrator@vsphere.local', created_time: expect.any(String) });
    expect((await ask('DELETE', '/api/session', { headers })).status).toBe(204);
    expect((await ask('GET', '/api/cis/tagging/tag', { headers })).status).toBe(401);
    const events = vcenter.world.events.all().map(({ $type }) => $type);
    expect(events.slice(-2)).toEqual(['UserLoginSessionEvent', 'UserLogoutSessionEvent']);
  });

  it('speaks the older form, too, with every answer in a value', async () => {
    const path = '/rest/com/vmware/cis/session';
    const made = await ask('POST', path, { headers: basic(vcenter.user, vcenter.password) });
    expect(made).toMatchObject({ status: 200, json: { value: expect.any(String) } });
    const headers = { 'vmware-api-session-id': made.json.value };
    const told = await ask('POST', `${path}?~action=get`, { headers });
    expect(told.json.value.user).toBe('administrator@vsphere.local');
    expect(await ask('DELETE', path, { headers })).toMatchObject({ status: 200, text: '' });
    expect((await ask('POST', `${path}?~action=get`, { headers })).status).toBe(401);
  });

  it('is refused without the right password, in the words of each form', async () => {
    for (const headers of [basic(vcenter.user, 'wrong'), basic('nobody', ''), { authorization: 'Basic ???' }, {}]) {
      const refused = await ask('POST', '/api/session', { headers });
      expect(refused).toMatchObject({ status: 401, json: { error_type: 'UNAUTHENTICATED' } });
    }
    const older = await ask('GET', '/rest/com/vmware/cis/tagging/tag', { headers: {} });
    expect(older.json.type).toBe('com.vmware.vapi.std.errors.unauthenticated');
    expect(vcenter.world.sessions.list().every(({ account }) => account !== undefined)).toBe(true);
  });

  it('ends with every other session', async () => {
    const made = await ask('POST', '/api/session', { headers: basic(vcenter.user, vcenter.password) });
    vcenter.world.sessions.endAll();
    const headers = { 'vmware-api-session-id': made.json };
    expect((await ask('GET', '/api/cis/tagging/tag', { headers })).status).toBe(401);
    session = (await ask('POST', '/api/session', { headers: basic(vcenter.user, vcenter.password) })).json;
  });
});

describe('the tags that are there at the start', () => {
  it('are on VMs, and the same from the same seed', async () => {
    const names = vcenter.world.tags.categories().map(({ name }) => name);
    expect(names).toEqual(['Environment', 'Owner', 'Backup', 'Compliance']);
    const { json } = await api('POST', 'tag-association?action=list-attached-tags-on-objects', { object_ids: vmIds() });
    expect(json.length).toBeGreaterThan(10);
    for (const { ref } of vcenter.world.objects.all('VirtualMachine')) {
      const path = inventoryPath(vcenter.world.objects.get(ref), vcenter.world.objects);
      const names = vcenter.world.tags.tagsOf(ref).map((id) => vcenter.world.tags.tag(id).name);
      if (path.includes('/prod/')) expect(names).not.toContain('dev');
    }
    const again = await startVCenter({ vms: 20, tls: false });
    expect(again.world.tags.tags()).toEqual(vcenter.world.tags.tags());
    await again.stop();
  });

  it('are not on an ESXi, which has none of this API', async () => {
    const esxi = await startVCenter({ kind: 'esxi', tls: false, vms: 1 });
    const response = await fetch(`http://${esxi.host}/api/session`, {
      method: 'POST',
      headers: basic('root', 'lab-password'),
    });
    expect(response.status).toBe(404);
    await esxi.stop();
  });
});

describe('categories and tags', () => {
  it('are made, read, changed and deleted', async () => {
    const category = await newCategory({ name: 'Tier', cardinality: 'SINGLE', associable_types: ['VirtualMachine'] });
    expect(category).toMatch(/^urn:vmomi:InventoryServiceCategory:[0-9a-f-]{36}:GLOBAL$/);
    const tag = await newTag(category, 'gold');
    expect((await api('GET', `tag/${tag}`)).json).toEqual({
      id: tag,
      category_id: category,
      name: 'gold',
      description: 'of a test',
      used_by: [],
    });
    expect((await api('PATCH', `tag/${tag}`, { name: 'silver' })).status).toBe(204);
    expect((await rest('GET', `tag/id:${encodeURIComponent(tag)}`)).json.value.name).toBe('silver');
    expect((await rest('PATCH', `category/id:${category}`, { update_spec: { cardinality: 'MULTIPLE' } })).text).toBe(
      '',
    );
    expect((await api('GET', `category/${category}`)).json.cardinality).toBe('MULTIPLE');
    expect((await api('DELETE', `category/${category}`)).status).toBe(204);
    expect((await api('GET', `tag/${tag}`)).status).toBe(404);
  });

  it('are deleted also where a null is sent along, as govmomi does', async () => {
    const tag = await newTag(await newCategory());
    expect((await rest('DELETE', `tag/id:${tag}`, 'null')).status).toBe(200);
    expect((await api('GET', `tag/${tag}`)).status).toBe(404);
  });

  it('are listed by category in both forms', async () => {
    const category = await newCategory();
    const tags = [await newTag(category), await newTag(category)];
    const newer = await api('POST', 'tag?action=list-tags-for-category', { category_id: category });
    expect(newer.json).toEqual(tags);
    const older = await rest('POST', `tag/id:${category}?~action=list-tags-for-category`, { category_id: category });
    expect(older.json.value).toEqual(tags);
    expect((await api('POST', 'tag?action=list-tags-for-category', { category_id: 'urn:none' })).status).toBe(404);
  });

  it('keep their names apart: of categories everywhere, of tags within their category', async () => {
    const category = await newCategory({ name: 'One' });
    await newTag(category, 'same');
    expect(
      (await api('POST', 'category', { name: 'One', description: '', cardinality: 'SINGLE', associable_types: [] }))
        .json,
    ).toMatchObject({ error_type: 'ALREADY_EXISTS' });
    const twice = await rest('POST', 'tag', { create_spec: { category_id: category, name: 'same', description: '' } });
    expect(twice).toMatchObject({ status: 400, json: { type: 'com.vmware.vapi.std.errors.already_exists' } });
    expect(await newTag(await newCategory(), 'same')).toMatch(/^urn:/);
  });

  it('are never narrowed: neither to one tag an object nor to fewer types', async () => {
    const category = await newCategory({ associable_types: ['VirtualMachine'] });
    expect((await api('PATCH', `category/${category}`, { cardinality: 'SINGLE' })).status).toBe(400);
    expect((await api('PATCH', `category/${category}`, { associable_types: ['HostSystem'] })).status).toBe(400);
    const wider = { associable_types: ['VirtualMachine', 'HostSystem'] };
    expect((await api('PATCH', `category/${category}`, wider)).status).toBe(204);
  });
});

describe('tags on objects', () => {
  it('are attached and detached, again without an error, and read from both sides', async () => {
    const tag = await newTag(await newCategory());
    const [vm] = vmIds();
    for (const action of ['attach', 'attach']) {
      expect((await api('POST', `tag-association/${tag}?action=${action}`, { object_id: vm })).status).toBe(204);
    }
    expect((await api('POST', 'tag-association?action=list-attached-tags', { object_id: vm })).json).toContain(tag);
    expect((await rest('POST', `tag-association/id:${tag}?~action=list-attached-objects`)).json.value).toEqual([vm]);
    const onTags = await api('POST', 'tag-association?action=list-attached-objects-on-tags', { tag_ids: [tag] });
    expect(onTags.json).toEqual([{ tag_id: tag, object_ids: [vm] }]);
    for (const action of ['detach', 'detach']) {
      expect((await rest('POST', `tag-association/id:${tag}?~action=${action}`, { object_id: vm })).status).toBe(200);
    }
    expect((await api('POST', `tag-association/${tag}?action=list-attached-objects`)).json).toEqual([]);
  });

  it('keep to the rules of their category', async () => {
    const category = await newCategory({ cardinality: 'SINGLE', associable_types: ['VirtualMachine'] });
    const [one, two] = [await newTag(category), await newTag(category)];
    const [vm] = vmIds();
    await api('POST', `tag-association/${one}?action=attach`, { object_id: vm });
    const second = await api('POST', `tag-association/${two}?action=attach`, { object_id: vm });
    expect(second).toMatchObject({ status: 400, json: { error_type: 'INVALID_ARGUMENT' } });
    const { value: id, type } = vcenter.world.content.rootFolder;
    const folder = await api('POST', `tag-association/${one}?action=attach`, { object_id: { type, id } });
    expect(folder).toMatchObject({ status: 400, json: { error_type: 'INVALID_ARGUMENT' } });
    const attachable = await api('POST', 'tag-association?action=list-attachable-tags', { object_id: vm });
    expect(attachable.json).not.toContain(two);
  });

  it('say of many at once which of them failed', async () => {
    const category = await newCategory({ cardinality: 'SINGLE' });
    const [one, two] = [await newTag(category), await newTag(category)];
    const [vm, other] = vmIds();
    const many = { object_ids: [vm, other, { type: 'VirtualMachine', id: 'vm-none' }] };
    const onMany = await api('POST', `tag-association/${one}?action=attach-tag-to-multiple-objects`, many);
    expect(onMany.json).toMatchObject({ success: false, error_messages: [{ default_message: expect.any(String) }] });
    const tags = { object_id: vm, tag_ids: [one, two] };
    const ofMany = await rest('POST', 'tag-association?~action=attach-multiple-tags-to-object', tags);
    expect(ofMany.json.value).toMatchObject({ success: false, error_messages: [{ args: [two] }] });
    const gone = await api('POST', 'tag-association?action=detach-multiple-tags-from-object', tags);
    expect(gone.json).toEqual({ success: true, error_messages: [] });
  });

  it('are gone with the object', async () => {
    const tag = await newTag(await newCategory());
    const vm = [...vcenter.world.objects.all('VirtualMachine')].at(-1)!;
    await api('POST', `tag-association/${tag}?action=attach`, { object_id: { type: vm.ref.type, id: vm.id } });
    vcenter.world.objects.remove(vm);
    expect((await api('POST', `tag-association/${tag}?action=list-attached-objects`)).json).toEqual([]);
  });

  it('are not changed by an account without the privilege', async () => {
    const tag = await newTag(await newCategory());
    const { json } = await ask('POST', '/api/session', { headers: basic('reader', 'reads') });
    const headers = { 'vmware-api-session-id': json };
    const body = { object_id: vmIds()[0] };
    const refused = await ask('POST', `/api/cis/tagging/tag-association/${tag}?action=attach`, { headers, body });
    expect(refused).toMatchObject({ status: 403, json: { error_type: 'UNAUTHORIZED' } });
    expect((await ask('GET', '/api/cis/tagging/tag', { headers })).status).toBe(200);
  });
});

describe('hostile requests', () => {
  it.each([
    ['no JSON', '{'],
    ['a list', '[]'],
    ['null', 'null'],
    ['nested without end', `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`],
    ['a name of the wrong type', { name: {}, description: '', cardinality: 'SINGLE', associable_types: [] }],
    ['an empty name', { name: '', description: '', cardinality: 'SINGLE', associable_types: [] }],
    ['a huge name', { name: 'x'.repeat(300), description: '', cardinality: 'SINGLE', associable_types: [] }],
    ['a cardinality that there is not', { name: 'x', description: '', cardinality: 'TWO', associable_types: [] }],
    ['nothing', {}],
    ['more than fits', JSON.stringify({ name: 'x'.repeat(5 * 1024 * 1024) })],
  ])('are refused: %s', async (_what, body) => {
    const before = vcenter.world.tags.categories();
    expect((await api('POST', 'category', body)).status).toBe(400);
    expect(vcenter.world.tags.categories()).toEqual(before);
  });

  it.each([
    'GET /api/',
    'GET /api/constructor',
    'PUT /api/cis/tagging/tag',
    'GET /rest/com/vmware/__proto__',
    'POST /rest/com/vmware/cis/tagging/tag/id:%ff?~action=x',
  ])('are not found: %s', async (line) => {
    const [method, path] = line.split(' ') as [string, string];
    expect((await ask(method, path)).status).toBe(404);
  });
});

describe('faults on demand', () => {
  it('reach REST calls, too', async () => {
    vcenter.interference.dropNext('after', 'POST cis/tagging/tag');
    const category = await newCategory();
    await expect(newTag(category, 'made all the same')).rejects.toThrow();
    expect(vcenter.world.tags.tags().map(({ name }) => name)).toContain('made all the same');
  });
});
