import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listPlacedVms } from '../../src/vsphere/vm-list.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';
import { type Connected, callOf, connect } from './connect.ts';

describe.skipIf(!(await vcsimAvailable())).each([{ vms: 10 }, { vms: 1000 }])(
  'round trips with $vms VMs',
  ({ vms }) => {
    let vcsim: Vcsim;
    let server: Connected;

    beforeAll(async () => {
      vcsim = await startVcsim({ dc: 1, cluster: 1, host: 1, standaloneHost: 0, vm: vms, autostart: false });
      server = await connect(vcsim);
      await server.vsphere.warmUp();
    });

    afterAll(async () => {
      await server?.close();
      await vcsim?.stop();
    });

    async function counted<T>(work: () => Promise<T>): Promise<{ result: T; trips: number }> {
      const before = server.requests();
      const result = await work();
      return { result, trips: server.requests() - before };
    }

    it('lists all VMs in at most three, and in fewer the second time', async () => {
      const fresh = await connect(vcsim);
      try {
        const before = fresh.requests();
        expect(await listPlacedVms(fresh.call)).toHaveLength(vms);
        const first = fresh.requests() - before;
        await listPlacedVms(fresh.call);
        const second = fresh.requests() - before - first;
        expect(first).toBeLessThanOrEqual(3);
        expect(second).toBe(1);
      } finally {
        await fresh.close();
      }
    });

    it('finds a VM by name in two', async () => {
      const { result, trips } = await counted(() => server.call.inventory.find('VirtualMachine', 'DC0_C0_RP0_VM5'));
      expect(result.path).toBe('/DC0/vm/DC0_C0_RP0_VM5');
      expect(trips).toBe(2);
    });

    it('finds a VM by path in two, by id in one', async () => {
      const byPath = await counted(() => server.call.inventory.find('VirtualMachine', '/DC0/vm/DC0_C0_RP0_VM7'));
      expect(byPath.trips).toBe(2);
      const byId = await counted(() => server.call.inventory.find('VirtualMachine', byPath.result.id));
      expect(byId.result).toEqual(byPath.result);
      expect(byId.trips).toBe(1);
    });

    it('shares the kept view among calls that ask for it at once', async () => {
      const fresh = await connect(vcsim);
      try {
        const before = fresh.requests();
        await Promise.all(Array.from({ length: 8 }, () => listPlacedVms(callOf(fresh.vsphere))));
        expect(fresh.requests() - before).toBe(9);
      } finally {
        await fresh.close();
      }
    });

    it('reads all pages when the server gives them in pages', async () => {
      const paged = await connect(vcsim, { pageSize: 7 });
      try {
        const before = paged.requests();
        const names = (await paged.call.readAll('VirtualMachine', ['name'])).map(({ props }) => props.name);
        expect(new Set(names).size).toBe(vms);
        expect(paged.requests() - before).toBe(1 + Math.ceil(vms / 7));
      } finally {
        await paged.close();
      }
    });
  },
);
