/** Tags of a simulated vCenter, in both forms of its REST API, and of one that lies about them. */
import type { ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createVsphere } from '../../src/vsphere/server-connection.ts';
import { type RestPeer, startRestPeer } from '../support/rest-peer.ts';
import { prepareTags, type TagPreparation } from '../support/simulated-tags.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';
import { standingClock } from '../vim25/connect.ts';
import { type Connected, callOf, connect, failure, silent } from './connect.ts';

const NAMES = ['DC0_H0_VM0', 'DC0_H0_VM1', 'DC0_C0_RP0_VM0'];
const json = (response: ServerResponse, value: unknown) => response.writeHead(200).end(JSON.stringify(value));

describe.skipIf(!(await vcsimAvailable())).each([
  { form: '/api', api: true, path: '/api/cis/tagging', action: '?action=' },
  { form: '/rest', api: false, path: '/rest/com/vmware/cis/tagging', action: '?~action=' },
])('tags by $form', ({ api, path, action }) => {
  let vcsim: Vcsim;
  let prepared: TagPreparation;
  let peer: RestPeer;
  let server: Connected;
  let ids: Record<'prod' | 'test' | 'web' | 'appWeb' | 'slash' | 'bare', string>;
  let vms: { type: string; value: string }[];

  beforeAll(async () => {
    vcsim = await startVcsim({ tls: false, dc: 1, cluster: 1, host: 1, vm: 2, username: 'svc', password: 'p:w' });
    prepared = await prepareTags(vcsim);
    peer = await startRestPeer({ target: vcsim.host, api });
    const [environment, application, tier] = await Promise.all(
      ['environment', 'app/lication', 'tier'].map(prepared.category),
    );
    ids = {
      prod: await prepared.tag('production', environment!, 'What customers see'),
      test: await prepared.tag('test', environment!),
      web: await prepared.tag('web', tier!),
      appWeb: await prepared.tag('web', application!),
      slash: await prepared.tag('lication/web', await prepared.category('app')),
      bare: await prepared.tag('unused', tier!),
    };
    server = await connect({ ...vcsim, url: vcsim.url.replace(vcsim.host, peer.host) });
    vms = (await server.call.inventory.findAll('VirtualMachine', NAMES)).map(({ ref }) => ref);
    await prepared.attach(ids.prod, vms[0]!);
    await prepared.attach(ids.prod, vms[1]!);
    await prepared.attach(ids.web, vms[1]!);
    await prepared.attach(ids.prod, server.call.content.rootFolder);
  });

  afterAll(async () => {
    await server?.close();
    await peer?.close();
    await prepared?.close();
    await vcsim?.stop();
  });

  beforeEach(() => peer.forget());

  const lines = () => peer.asked().map(({ line }) => line);

  it('are listed by category and name', async () => {
    const list = await server.call.tags.list();
    expect(list.map(({ category, name }) => [category, name])).toEqual([
      ['app', 'lication/web'],
      ['app/lication', 'web'],
      ['environment', 'production'],
      ['environment', 'test'],
      ['tier', 'unused'],
      ['tier', 'web'],
    ]);
    expect(list[2]).toEqual({
      id: ids.prod,
      name: 'production',
      category: 'environment',
      description: 'What customers see',
    });
  });

  it('are found by name, by category and name, and by id', async () => {
    const { tags } = server.call;
    for (const wanted of ['production', 'environment/production', ids.prod]) {
      expect((await tags.find(wanted)).id).toBe(ids.prod);
    }
    expect((await tags.find('tier/web')).id).toBe(ids.web);
  });

  it('that fit a name twice are told apart by category, or by id where that does not', async () => {
    expect(await failure(server.call.tags.find('web'))).toEqual({
      code: 'AMBIGUOUS',
      message: '2 tags fit "web"; give category/name or the id: app/lication/web, tier/web',
    });
    const { code, message } = await failure(server.call.tags.find('app/lication/web'));
    expect(code).toBe('AMBIGUOUS');
    for (const id of [ids.slash, ids.appWeb]) expect(message).toContain(id);
  });

  it('that are not there are answered with near names', async () => {
    expect(await failure(server.call.tags.find('producton'))).toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('"production"'),
    });
    for (const wanted of ['', 'Production', 'no\u001b[2Jsuch', `${ids.prod}x`, 'x'.repeat(2048)]) {
      const { code, message } = await failure(server.call.tags.find(wanted));
      expect(code).toBe('NOT_FOUND');
      expect(message).not.toMatch(/\p{Cc}/u);
    }
  });

  it('tell their objects, of any kind', async () => {
    const objects = await server.call.tags.objectsOf({ id: ids.prod });
    expect(objects.map(({ value }) => value).sort()).toEqual(
      [vms[0]!.value, vms[1]!.value, server.call.content.rootFolder.value].sort(),
    );
    expect(await server.call.tags.objectsOf({ id: ids.bare })).toEqual([]);
  });

  it('of many objects are read at once', async () => {
    await server.call.tags.list();
    peer.forget();
    const tags = await server.call.tags.ofObjects(vms);
    expect(vms.map(({ value }) => tags.get(value)?.map(({ name }) => name))).toEqual([
      ['production'],
      ['production', 'web'],
      [],
    ]);
    expect(lines().sort()).toEqual(
      [
        `GET ${path}/category`,
        `GET ${path}/tag`,
        `POST ${path}/tag-association${action}list-attached-tags-on-objects`,
      ].sort(),
    );
  });

  it('are searched by a part of category and name in any case; nothing more is asked where none fits', async () => {
    const found = await server.call.tags.search('  MENT/prod');
    expect(found.map(({ tag, objects }) => [tag.id, objects.length])).toEqual([[ids.prod, 3]]);
    peer.forget();
    expect(await server.call.tags.search('nothing like it')).toEqual([]);
    expect(await server.call.tags.search(' ')).toEqual([]);
    expect(lines().filter((line) => line.startsWith('POST'))).toEqual([]);
  });

  it('are read in one session of the service account, whose password goes nowhere else', async () => {
    const own = await connect({ ...vcsim, url: vcsim.url.replace(vcsim.host, peer.host) });
    peer.forget();
    await Promise.all([own.call.tags.list(), own.call.tags.find('production'), own.call.tags.ofObjects(vms)]);
    await own.close();
    const session = api ? '/api/session' : '/rest/com/vmware/cis/session';
    const withPassword = peer.asked().filter(({ authorization }) => authorization !== undefined);
    // The second is asked for only where the first is not there.
    expect(withPassword.map(({ line }) => line)).toEqual(['POST /api/session', ...(api ? [] : [`POST ${session}`])]);
    expect(lines().at(-1)).toBe(`DELETE ${session}`);
    const [{ session: last } = { session: undefined }] = peer.asked().slice(-1);
    const again = await fetch(`http://${vcsim.host}/rest/com/vmware/cis/tagging/tag`, {
      headers: { 'vmware-api-session-id': String(last) },
    });
    expect(again.status).toBe(401);
  });

  it('that are made or removed are seen at once; a new name after a minute', async () => {
    const clock = standingClock();
    const vsphere = createVsphere({ name: 'test', client: server.client, clock, logger: silent });
    const { tags } = callOf(vsphere);
    const made = await prepared.tag('passing', await prepared.category('of a moment'));
    expect((await tags.find('passing')).id).toBe(made);
    peer.forget();
    await tags.list();
    expect(lines().sort()).toEqual([`GET ${path}/category`, `GET ${path}/tag`]);
    await prepared.rename(made, 'renamed');
    clock.pass(60_001);
    expect((await tags.find('renamed')).id).toBe(made);
    await prepared.remove(made);
    expect(await failure(tags.find('renamed'))).toMatchObject({ code: 'NOT_FOUND' });
  });

  describe('of a server that lies', () => {
    let own: Connected;

    beforeEach(async () => {
      own = await connect({ ...vcsim, url: vcsim.url.replace(vcsim.host, peer.host) });
    });

    afterEach(async () => {
      peer.lie = () => false;
      await own.close();
    });

    const answered = (value: unknown) => (api ? value : { value });

    it.each([{ a: 1 }, 'urn:vmomi:x', 7, true])('are refused that are no list: %j', async (value) => {
      peer.lie = (line, response) => line === `GET ${path}/tag` && !!json(response, answered(value));
      expect(await failure(own.call.tags.list())).toMatchObject({ code: 'UNAVAILABLE' });
    });

    it('are left out that have no usable id, name or category', async () => {
      const entries: Record<string, unknown> = {
        'urn:good': { name: 'good', category_id: 'urn:../../session', description: 5, extra: {} },
        'urn:nameless': { category_id: 'urn:x' },
        'urn:number': { name: 3 },
        'urn:null': null,
        'urn:long': { name: 'x'.repeat(100_000) },
      };
      const list = [...Object.keys(entries), 'urn:good', 'urn:../../api/session', '', null, 5, ['urn:x'], 'no-urn'];
      peer.lie = (line, response) => {
        if (line === `GET ${path}/tag`) return !!json(response, answered(list));
        const [, id] = /tag\/(?:id:)?(urn%3A\w+)$/.exec(line) ?? [];
        return id !== undefined && !!json(response, answered(entries[decodeURIComponent(id)]));
      };
      expect(await own.call.tags.list()).toEqual([{ id: 'urn:good', name: 'good', category: '', description: '' }]);
      expect(lines().filter((line) => line.includes('..'))).toEqual([]);
    });

    it('have names that cannot forge a message', async () => {
      const evil = 'web\r\nset-cookie: x\u001b[2J\u202eevil';
      peer.lie = (line, response) => {
        if (line === `GET ${path}/tag`) return !!json(response, answered(['urn:a', 'urn:b']));
        return /\/tag\/(id:)?urn/.test(line) && !!json(response, answered({ name: evil, category_id: null }));
      };
      for (const wanted of [evil, 'web set-cookie: x [2J evil']) {
        const { message } = await failure(own.call.tags.find(wanted));
        expect(message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      }
      expect((await own.call.tags.find('urn:a')).name).toBe(evil);
    });

    it('tell nothing of tags and objects that were not asked for', async () => {
      peer.lie = (line, response) => {
        if (line.includes('objects-on-tags')) {
          const objects = [{ type: 'VirtualMachine', id: 'vm-1' }, { id: 'vm-2' }, null, 'vm-3'];
          return !!json(
            response,
            answered([{ tag_id: ids.prod, object_ids: objects }, { tag_id: ids.web, object_ids: objects }, {}, 5]),
          );
        }
        return (
          line.includes('tags-on-objects') &&
          !!json(
            response,
            answered([
              { object_id: { type: 'VirtualMachine', id: 'vm-99' }, tag_ids: [ids.web] },
              { object_id: vms[0]!.value, tag_ids: [ids.web] },
              { object_id: { type: 'VirtualMachine', id: vms[0]!.value }, tag_ids: [ids.prod, ids.prod, 'urn:?', {}] },
            ]),
          )
        );
      };
      expect(await own.call.tags.objectsOf({ id: ids.prod })).toEqual([{ type: 'VirtualMachine', value: 'vm-1' }]);
      const tags = await own.call.tags.ofObjects([vms[0]!]);
      expect([...tags].map(([id, found]) => [id, found.map((tag) => tag.id)])).toEqual([[vms[0]!.value, [ids.prod]]]);
    });

    it('that never come hold up nothing but those who wait for them', async () => {
      peer.lie = (line) => line.startsWith('GET') && line.includes('tagging');
      const gone = new AbortController();
      const { tags } = callOf(own.vsphere, gone.signal);
      const waiting = Array.from({ length: 8 }, () => failure(tags.list()));
      await expect.poll(() => lines().filter((line) => line.includes('tagging')).length).toBeGreaterThanOrEqual(4);
      expect(await own.call.inventory.find('VirtualMachine', NAMES[0]!)).toBeDefined();
      gone.abort();
      for (const { code } of await Promise.all(waiting)) expect(code).toBe('CANCELLED');
    });

    it('may be gone between the list and the reading of one', async () => {
      peer.lie = (line, response) => {
        const is = line.endsWith(encodeURIComponent(ids.test)) && line.startsWith('GET');
        if (is) response.writeHead(404).end();
        return is;
      };
      const names = (await own.call.tags.list()).map(({ name }) => name);
      expect(names).toContain('production');
      expect(names).not.toContain('test');
    });

    it('end with the first failure, and say what it is', async () => {
      peer.lie = (line, response) => {
        const is = /^GET .*urn/.test(line);
        if (is) response.writeHead(503).end();
        return is;
      };
      expect(await failure(own.call.tags.list())).toMatchObject({ code: 'UNAVAILABLE' });
      await new Promise((resolve) => setImmediate(resolve));
      expect(lines().filter((line) => /^GET .*urn/.test(line)).length).toBeLessThanOrEqual(6);
      // The other API, and with it the server, is as well as it was.
      expect(own.call.isVcenter).toBe(true);
      expect(await own.call.inventory.find('VirtualMachine', NAMES[0]!)).toBeDefined();
    });
  });
});

describe.skipIf(!(await vcsimAvailable()))('tags of a lone ESXi host', () => {
  it('are none, in one sentence and without a request', async () => {
    const esxi = await startVcsim({ esx: true, tls: false, vm: 1 });
    const peer = await startRestPeer({ target: esxi.host });
    const server = await connect({ ...esxi, url: esxi.url.replace(esxi.host, peer.host) });
    peer.forget();
    const { tags } = server.call;
    const ref = { type: 'VirtualMachine', value: 'x' };
    const works = [
      () => tags.list(),
      () => tags.find('x'),
      () => tags.search('x'),
      () => tags.objectsOf({ id: 'x' }),
      () => tags.ofObjects([ref]),
    ];
    for (const work of works) {
      expect(await failure(work())).toEqual({
        code: 'UNSUPPORTED',
        message: 'Tags need a vCenter; "test" is an ESXi host.',
      });
    }
    expect(peer.asked()).toEqual([]);
    await server.close();
    await peer.close();
    await esxi.stop();
  });
});
