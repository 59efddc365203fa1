/** What a list costs: round trips that do not grow with the inventory. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resources } from '../../src/resources/index.ts';
import { searchInventory } from '../../src/vsphere/inventory-search.ts';
import { toolNamed } from '../support/tool-harness.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';
import { type Connected, connect } from '../vsphere/connect.ts';

type Handler = (given: unknown, context: unknown) => Promise<{ total: number }>;

const SIZES = [
  { size: 'small', options: { dc: 1, cluster: 1, host: 2, vm: 2 } },
  { size: 'larger', options: { dc: 3, cluster: 3, host: 20, pool: 5, vm: 4, ds: 4 } },
];

const LISTS = [
  'list_hosts',
  'list_clusters',
  'list_resource_pools',
  'list_datastores',
  'list_networks',
  'list_folders',
];
/** A kept view, the bulk read, and where the objects are: by a view of the containers in a large inventory. */
const MOST_TRIPS = 5;

describe.skipIf(!(await vcsimAvailable())).each(SIZES)('in a $size inventory', ({ options }) => {
  let vcsim: Vcsim;
  let server: Connected;

  beforeAll(async () => {
    vcsim = await startVcsim(options);
    server = await connect(vcsim);
  });

  afterAll(async () => {
    await server?.close();
    await vcsim?.stop();
  });

  it.each(LISTS)(`%s takes at most ${MOST_TRIPS} round trips, and fewer the second time`, async (name) => {
    const tool = toolNamed(name);
    const list = async () => {
      const before = server.requests();
      const input = tool.input.parse({});
      const { total, ...lists } = await (tool.handler as Handler)(input, { vsphere: server.call });
      expect(Object.values(lists)[0]).toHaveLength(total);
      return server.requests() - before;
    };
    expect(await list()).toBeLessThanOrEqual(MOST_TRIPS);
    expect(await list()).toBeLessThanOrEqual(3);
  });

  it.each(resources)('$uri takes as few', async ({ read }) => {
    const before = server.requests();
    await read(server.call);
    expect(server.requests() - before).toBeLessThanOrEqual(MOST_TRIPS);
  });

  it.each(['dc0', '10.0.0.1', '00:50:56'])('the search for %o is one read', async (query) => {
    await searchInventory(server.call, query);
    const before = server.requests();
    await searchInventory(server.call, query);
    expect(server.requests() - before).toBe(1);
  });
});
