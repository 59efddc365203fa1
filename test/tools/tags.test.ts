/** What people find by tag: with `find` on every server, with `list_vms` on one. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type RestPeer, startRestPeer } from '../support/rest-peer.ts';
import { prepareTags, type TagPreparation } from '../support/simulated-tags.ts';
import { startToolHarness, type ToolHarness } from '../support/tool-harness.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';

const READER = { groups: ['vsphere-readers'] };
const VMS = ['DC0_H0_VM0', 'DC0_H0_VM1', 'DC0_C0_RP0_VM0'];

interface Match {
  readonly name: string;
  readonly host: string;
  readonly matched_by: string;
  readonly matched: string;
}

describe.skipIf(!(await vcsimAvailable()))('tags', () => {
  let vcenter: Vcsim;
  let other: Vcsim;
  let esxi: Vcsim;
  let peer: RestPeer;
  let prepared: TagPreparation;
  let harness: ToolHarness;

  beforeAll(async () => {
    vcenter = await startVcsim({ tls: false, dc: 1, cluster: 1, host: 1, vm: 2 });
    other = await startVcsim({ dc: 1, cluster: 0, standaloneHost: 1, vm: 1 });
    esxi = await startVcsim({ esx: true, vm: 1 });
    peer = await startRestPeer({ target: vcenter.host });
    prepared = await prepareTags(vcenter);
    harness = await startToolHarness([
      { vcsim: { ...vcenter, url: vcenter.url.replace(vcenter.host, peer.host) }, name: 'vc' },
      { vcsim: other, name: 'other' },
      { vcsim: esxi, name: 'lab-esxi', kind: 'esxi' },
    ]);
    const [environment, tier] = [await prepared.category('environment'), await prepared.category('tier')];
    const production = await prepared.tag('production', environment);
    const [front, frontAgain] = [await prepared.tag('front', tier), await prepared.tag('front', environment)];
    const vms = await harness.aside.inventory.findAll('VirtualMachine', VMS);
    const cluster = await harness.aside.inventory.find('ClusterComputeResource', 'DC0_C0');
    for (const { ref } of [vms[0]!, vms[1]!, cluster]) await prepared.attach(production, ref);
    await prepared.attach(front, vms[1]!.ref);
    await prepared.attach(frontAgain, { type: 'VirtualMachine', value: 'vm-9999' });
    const elsewhere = await prepareTags(other);
    const tag = await elsewhere.tag('production', await elsewhere.category('stage'));
    const [vm] = (await harness.run('list_vms', { host: 'other' })).vms;
    await elsewhere.attach(tag, { type: 'VirtualMachine', value: vm.id });
    await elsewhere.close();
  });

  afterAll(async () => {
    await harness?.close();
    await prepared?.close();
    await peer?.close();
    await Promise.all([vcenter, other, esxi].map((each) => each?.stop()));
  });

  beforeEach(() => peer.forget());
  afterEach(() => {
    peer.lie = () => false;
  });

  const names = (vms: readonly { readonly name: string }[]) => vms.map(({ name }) => name).sort();

  describe('find', () => {
    it('finds what carries a tag, of any kind, on every server', async () => {
      const { matches, servers } = await harness.run('find', { query: 'PRODuction' }, READER);
      const told = matches.map(({ host, name, matched_by, matched }: Match) => [host, name, matched_by, matched]);
      expect(told).toEqual([
        ['other', 'DC0_H0_VM0', 'tag', 'stage/production'],
        ['vc', 'DC0_C0', 'tag', 'environment/production'],
        ['vc', 'DC0_H0_VM0', 'tag', 'environment/production'],
        ['vc', 'DC0_H0_VM1', 'tag', 'environment/production'],
      ]);
      expect(servers).toEqual([
        { host: 'vc', searched: true },
        { host: 'other', searched: true },
        { host: 'lab-esxi', searched: true, tags_error: 'Tags need a vCenter; "lab-esxi" is an ESXi host.' },
      ]);
    });

    it('takes category/name, and says by what else an object fits before its tag', async () => {
      const { matches } = await harness.run('find', { query: 'tier/front' }, READER);
      expect(matches).toMatchObject([{ name: 'DC0_H0_VM1', matched_by: 'tag', matched: 'tier/front' }]);
      const byName = await harness.run('find', { query: 'dc0_h0_vm0' }, READER);
      for (const match of byName.matches) expect(match.matched_by).toBe('name');
    });

    it('asks for tags thrice, however many objects there are', async () => {
      await harness.run('find', { query: 'production' }, READER);
      peer.forget();
      await harness.run('find', { query: 'production' }, READER);
      expect(peer.asked().map(({ line }) => line.replace(/^\w+ \/api\/cis\/tagging\//, ''))).toEqual(
        expect.arrayContaining(['tag', 'category', 'tag-association?action=list-attached-objects-on-tags']),
      );
      expect(peer.asked()).toHaveLength(3);
    });

    it.each([
      ['HTTP 503', 503],
      ['HTTP 403', 403],
      ['a redirect', 302],
    ])('finds names on a server whose tags answer with %s, and says so', async (_what, status) => {
      peer.lie = (line, response) => {
        if (line !== 'GET /api/cis/tagging/tag') return false;
        response.writeHead(status, { location: '/elsewhere' }).end('\u001b[2J');
        return true;
      };
      const { matches, servers } = await harness.run('find', { query: 'dc0_' }, READER);
      expect(matches.some(({ host, name }: Match) => host === 'vc' && name === 'DC0_C0')).toBe(true);
      expect(servers[0]).toMatchObject({ host: 'vc', searched: true, tags_error: expect.any(String) });
      expect(servers[0].tags_error).not.toMatch(/\p{Cc}/u);
      expect(servers[1]).toEqual({ host: 'other', searched: true });
      const listed = await harness.run('list_servers', {}, READER);
      expect(listed.servers[0]).toMatchObject({ host: 'vc', connected: true });
    });

    it('shows a tag whose name would move a cursor as plain text', async () => {
      const evil = await prepared.tag('evil\u001b[2J\u202ename', await prepared.category('odd'));
      const vm = await harness.aside.inventory.find('VirtualMachine', VMS[2]!);
      await prepared.attach(evil, vm.ref);
      const { matches } = await harness.run('find', { query: 'odd/evil' }, READER);
      expect(matches).toMatchObject([{ name: VMS[2], matched: 'odd/evil [2J name' }]);
      await prepared.remove(evil);
    });
  });

  describe('list_vms', () => {
    it('lists the VMs that carry a tag, together with the other filters', async () => {
      const tagged = await harness.run('list_vms', { tag: 'production' }, READER);
      expect(names(tagged.vms)).toEqual(['DC0_H0_VM0', 'DC0_H0_VM1']);
      expect(tagged.total).toBe(2);
      const one = await harness.run('list_vms', { tag: 'environment/production', name: 'VM1' }, READER);
      expect(names(one.vms)).toEqual(['DC0_H0_VM1']);
      const page = await harness.run('list_vms', { tag: 'production', limit: 1 }, READER);
      const rest = await harness.run('list_vms', { tag: 'production', limit: 1, cursor: page.next_cursor }, READER);
      expect(names([...page.vms, ...rest.vms])).toEqual(names(tagged.vms));
      // What carries it is gone.
      expect(await harness.run('list_vms', { tag: 'environment/front' }, READER)).toEqual({ vms: [], total: 0 });
    });

    it('never takes the first of several tags, nor a near one', async () => {
      await expect(harness.run('list_vms', { tag: 'front' }, READER)).rejects.toMatchObject({
        code: 'AMBIGUOUS',
        message: expect.stringContaining('environment/front, tier/front'),
      });
      await expect(harness.run('list_vms', { tag: 'produktion' }, READER)).rejects.toMatchObject({
        code: 'NOT_FOUND',
        message: expect.stringContaining('Did you mean "production"'),
      });
      for (const tag of ['', 'x'.repeat(2049), 5]) {
        await expect(harness.run('list_vms', { tag }, READER)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
      }
    });

    it('says that a lone ESXi has no tags', async () => {
      await expect(harness.run('list_vms', { host: 'lab-esxi', tag: 'x' }, READER)).rejects.toMatchObject({
        code: 'UNSUPPORTED',
        message: 'Tags need a vCenter; "lab-esxi" is an ESXi host.',
      });
    });

    it('lists no VM where the tags cannot be read', async () => {
      peer.lie = (line, response) => {
        const is = line.includes('tag-association');
        if (is) response.writeHead(500).end();
        return is;
      };
      await expect(harness.run('list_vms', { tag: 'production' }, READER)).rejects.toMatchObject({
        code: 'UNAVAILABLE',
      });
    });
  });
});
