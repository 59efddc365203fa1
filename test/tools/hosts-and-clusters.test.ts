import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startToolHarness, type ToolHarness } from '../support/tool-harness.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';

const READER = { groups: ['vsphere-readers'] };
const HOST = 'DC0_C0_H0';

interface Named {
  readonly name: string;
  readonly path: string;
  readonly id: string;
}

describe.skipIf(!(await vcsimAvailable()))('hosts, clusters and pools of a vCenter', () => {
  let vcsim: Vcsim;
  let harness: ToolHarness;

  beforeAll(async () => {
    vcsim = await startVcsim({ dc: 2, cluster: 1, host: 2, vm: 2, pool: 1 });
    harness = await startToolHarness([{ vcsim }]);
  });

  afterAll(async () => {
    await harness?.close();
    await vcsim?.stop();
  });

  describe('list_hosts', () => {
    it('shows every host by name, path and id', async () => {
      const { hosts, total, next_cursor } = await harness.run('list_hosts', {}, READER);
      const there = await harness.peer.properties('HostSystem', ['name', 'summary.hardware.model']);
      expect(total).toBe(there.size);
      expect(next_cursor).toBeUndefined();
      expect(new Map(hosts.map(({ id, name }: Named) => [id, name]))).toEqual(
        new Map([...there].map(([id, { name }]) => [id, name])),
      );
      for (const host of hosts) {
        expect(host.model).toBe(there.get(host.id)?.['summary.hardware.model']);
        expect(host).toMatchObject({ connection_state: 'connected', maintenance_mode: false });
      }
      expect(hosts.map(({ path }: Named) => path)).toContain('/DC1/host/DC1_C0/DC1_C0_H1');
      const vms = await harness.peer.properties('VirtualMachine', ['name']);
      expect(hosts.reduce((sum: number, host: { vm_count: number }) => sum + host.vm_count, 0)).toBe(vms.size);
    });

    it('walks pages without repeating or leaving out', async () => {
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const { hosts, next_cursor } = await harness.run('list_hosts', { limit: 2, cursor }, READER);
        seen.push(...hosts.map(({ id }: Named) => id));
        cursor = next_cursor;
      } while (cursor !== undefined);
      const there = await harness.peer.properties('HostSystem', ['name']);
      expect([...seen].sort()).toEqual([...there.keys()].sort());
    });

    it('refuses a cursor that is none', async () => {
      await expect(harness.run('list_hosts', { cursor: '§' }, READER)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    });
  });

  describe.each([
    'get_host_stats',
    'get_host_info',
    'list_services',
    'get_ntp_config',
    'get_host_hardware',
    'get_host_networking',
  ])('%s', (tool) => {
    it('asks which host where there are several, and lists them', async () => {
      await expect(harness.run(tool, {}, READER)).rejects.toMatchObject({
        code: 'AMBIGUOUS',
        message: expect.stringContaining('DC0_C0_H1'),
      });
    });

    it('does not act on a near name', async () => {
      await expect(harness.run(tool, { host_name: 'dc0_c0_h0' }, READER)).rejects.toMatchObject({
        code: 'NOT_FOUND',
        message: expect.stringContaining('"DC0_C0_H0"'),
      });
    });

    it('refuses the path of something else', async () => {
      await expect(harness.run(tool, { host_name: '/DC0/vm/DC0_H0_VM0' }, READER)).rejects.toMatchObject({
        code: 'INVALID_INPUT',
      });
    });

    it('says on the record which host was read', async () => {
      await harness.run(tool, { host_name: HOST }, READER);
      const last = harness.records().filter((record) => record.tool === tool);
      expect(last.at(-1)).toMatchObject({ result: 'success', target: { type: 'HostSystem', name: HOST } });
    });
  });

  it('get_host_stats tells size and use, by name, path and id alike', async () => {
    const there = await harness.peer.properties('HostSystem', [
      'name',
      'summary.hardware.numCpuCores',
      'summary.hardware.memorySize',
      'summary.quickStats.overallCpuUsage',
      'summary.quickStats.overallMemoryUsage',
    ]);
    const [id, host] = [...there].find(([, { name }]) => name === HOST)!;
    const stats = await harness.run('get_host_stats', { host_name: HOST }, READER);
    expect(stats).toMatchObject({ name: HOST, path: `/DC0/host/DC0_C0/${HOST}`, id });
    expect(String(stats.cpu_cores)).toBe(host['summary.hardware.numCpuCores']);
    expect(String(stats.cpu_usage_mhz)).toBe(host['summary.quickStats.overallCpuUsage']);
    expect(String(stats.memory_usage_mb)).toBe(host['summary.quickStats.overallMemoryUsage']);
    expect(stats.memory_total_gb).toBeCloseTo(Number(host['summary.hardware.memorySize']) / 2 ** 30, 1);
    expect(stats.memory_usage_percent).toBeGreaterThan(0);
    expect(stats.memory_usage_percent).toBeLessThan(100);
    expect(await harness.run('get_host_stats', { host_name: id }, READER)).toMatchObject({ id, name: HOST });
    expect(await harness.run('get_host_stats', { host_name: stats.path }, READER)).toMatchObject({ id, name: HOST });
  });

  it('get_host_info tells product, hardware, status and the management address', async () => {
    const there = await harness.peer.properties('HostSystem', [
      'name',
      'summary.config.product.fullName',
      'hardware.systemInfo.uuid',
    ]);
    const host = [...there.values()].find(({ name }) => name === HOST)!;
    const info = await harness.run('get_host_info', { host_name: HOST }, READER);
    expect(info.product.full_name).toBe(host['summary.config.product.fullName']);
    expect(info.status).toMatchObject({
      connection_state: 'connected',
      power_state: 'poweredOn',
      maintenance_mode: false,
    });
    expect(info.management_ip).toMatch(/^[\d.]+$/);
  });

  it('list_services tells the services as the host has them', async () => {
    const { services, total, host } = await harness.run('list_services', { host_name: HOST }, READER);
    expect(host.name).toBe(HOST);
    expect(total).toBe(services.length);
    const { aside } = harness;
    const [read] = await aside.read('HostSystem', [{ type: 'HostSystem', value: host.id }], ['config.service']);
    const known = read?.props['config.service']?.service ?? [];
    expect(known.length).toBeGreaterThan(0);
    expect(services.map(({ key, running }: { key: string; running: boolean }) => [key, running])).toEqual(
      known.map(({ key, running }) => [key, running]).sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
    );
  });

  it('get_service_status tells one service, and suggests where there is none', async () => {
    const one = await harness.run('get_service_status', { host_name: HOST, service_key: 'ntpd' }, READER);
    expect(one).toMatchObject({ key: 'ntpd', host: { name: HOST } });
    await expect(
      harness.run('get_service_status', { host_name: HOST, service_key: 'ntp' }, READER),
    ).rejects.toMatchObject({ code: 'NOT_FOUND', message: expect.stringContaining('ntpd') });
    await expect(harness.run('get_service_status', { host_name: HOST, service_key: '' }, READER)).rejects.toMatchObject(
      { code: 'INVALID_INPUT' },
    );
  });

  it('get_ntp_config tells the NTP service, and goes without a clock that the simulator does not have', async () => {
    const config = await harness.run('get_ntp_config', { host_name: HOST }, READER);
    expect(config.ntp_servers).toEqual(expect.any(Array));
    expect(config.service_policy).toEqual(expect.any(String));
  });

  it('get_host_hardware tells processors and memory', async () => {
    const there = await harness.peer.properties('HostSystem', [
      'name',
      'hardware.memorySize',
      'hardware.cpuInfo.numCpuCores',
    ]);
    const host = [...there.values()].find(({ name }) => name === HOST)!;
    const hardware = await harness.run('get_host_hardware', { host_name: HOST }, READER);
    expect(String(hardware.memory.total_bytes)).toBe(host['hardware.memorySize']);
    expect(String(hardware.cpu.cores)).toBe(host['hardware.cpuInfo.numCpuCores']);
    expect(hardware.pci_devices.length).toBeLessThanOrEqual(10);
    expect(hardware.pci_device_count).toBeGreaterThanOrEqual(hardware.pci_devices.length);
    expect(hardware.network_adapters[0]).toMatchObject({ device: 'vmnic0' });
  });

  it('get_host_networking tells switches, port groups and VMkernel adapters', async () => {
    const networking = await harness.run('get_host_networking', { host_name: HOST }, READER);
    expect(networking.vswitches[0]).toMatchObject({ name: 'vSwitch0', distributed: false, pnics: ['vmnic0'] });
    expect(networking.portgroups.map(({ name }: { name: string }) => name)).toContain('VM Network');
    expect(networking.vmkernel_adapters[0]).toMatchObject({ device: 'vmk0', ip: expect.stringMatching(/^[\d.]+$/) });
  });

  it('list_clusters and get_cluster_info tell the same of a cluster', async () => {
    const there = await harness.peer.properties('ClusterComputeResource', [
      'name',
      'summary.totalCpu',
      'summary.numHosts',
    ]);
    const { clusters, total } = await harness.run('list_clusters', {}, READER);
    expect(total).toBe(there.size);
    expect(clusters.map(({ path }: Named) => path)).toEqual(['/DC0/host/DC0_C0', '/DC1/host/DC1_C0']);
    for (const cluster of clusters) {
      expect(String(cluster.total_cpu_mhz)).toBe(there.get(cluster.id)?.['summary.totalCpu']);
      expect(cluster.host_count).toBe(2);
      const { hosts, effective_host_count, cpu_cores, overall_status, ...info } = await harness.run(
        'get_cluster_info',
        { cluster_name: cluster.name },
        READER,
      );
      expect(info).toEqual(cluster);
      expect(hosts.map(({ name }: Named) => name)).toEqual([`${cluster.name}_H0`, `${cluster.name}_H1`]);
    }
  });

  it.each(['get_cluster_info', 'get_drs_recommendations'])('%s refuses a cluster that is not there', async (tool) => {
    await expect(harness.run(tool, { cluster_name: 'DC0_C9' }, READER)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(harness.run(tool, {}, READER)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('get_drs_recommendations has none where DRS recommends nothing', async () => {
    expect(await harness.run('get_drs_recommendations', { cluster_name: 'DC0_C0' }, READER)).toMatchObject({
      cluster: { name: 'DC0_C0' },
      recommendations: [],
      total: 0,
    });
  });

  it('list_resource_pools tells every pool apart by its path', async () => {
    const there = await harness.peer.properties('ResourcePool', ['name']);
    const { resource_pools, total } = await harness.run('list_resource_pools', {}, READER);
    expect(total).toBe(there.size);
    const paths = resource_pools.map(({ path }: Named) => path);
    expect(paths).toContain('/DC0/host/DC0_C0/Resources/DC0_C0_RP1');
    expect(paths).toContain('/DC1/host/DC1_H0/Resources');
    expect(new Set(paths).size).toBe(there.size);
    expect(paths).toEqual([...paths].sort());
    const root = '/DC0/host/DC0_C0/Resources';
    const child = resource_pools.find(({ name }: Named) => name === 'DC0_C0_RP1');
    expect(child).toMatchObject({ parent: root, owner: '/DC0/host/DC0_C0' });
    const top = resource_pools.find(({ path }: Named) => path === root);
    expect(top).toMatchObject({ owner: '/DC0/host/DC0_C0' });
    expect(top.parent).toBeUndefined();
  });

  it('get_resource_pool_info tells reservations, and no limit where there is none', async () => {
    const there = await harness.peer.properties('ResourcePool', [
      'name',
      'summary.config.cpuAllocation.limit',
      'summary.config.cpuAllocation.reservation',
      'summary.config.memoryAllocation.reservation',
    ]);
    const path = '/DC0/host/DC0_C0/Resources/DC0_C0_RP1';
    const pool = await harness.run('get_resource_pool_info', { name: path }, READER);
    const known = there.get(pool.id)!;
    expect(String(pool.cpu_limit_mhz ?? -1)).toBe(known['summary.config.cpuAllocation.limit']);
    expect(String(pool.cpu_reservation_mhz)).toBe(known['summary.config.cpuAllocation.reservation']);
    expect(String(pool.memory_reservation_mb)).toBe(known['summary.config.memoryAllocation.reservation']);
  });

  it.each([{}, { name: 'Resources' }])('get_resource_pool_info asks which of several is meant: %o', async (args) => {
    await expect(harness.run('get_resource_pool_info', args, READER)).rejects.toMatchObject({
      code: 'AMBIGUOUS',
      message: expect.stringContaining('/DC1/host/DC1_C0/Resources'),
    });
  });
});

describe.skipIf(!(await vcsimAvailable()))('hosts and pools of a lone ESXi', () => {
  let vcsim: Vcsim;
  let harness: ToolHarness;

  beforeAll(async () => {
    vcsim = await startVcsim({ esx: true, vm: 2 });
    harness = await startToolHarness([{ vcsim, kind: 'esxi' }]);
  });

  afterAll(async () => {
    await harness?.close();
    await vcsim?.stop();
  });

  it.each([
    ['get_host_stats', 'vm_count'],
    ['get_host_info', 'product'],
    ['list_services', 'services'],
    ['get_ntp_config', 'ntp_servers'],
    ['get_host_hardware', 'cpu'],
    ['get_host_networking', 'vswitches'],
  ])('%s needs no host_name where there is one host', async (tool, field) => {
    expect(await harness.run(tool, {}, READER)).toHaveProperty(field);
  });

  it('has no clusters, and says why one cannot be read', async () => {
    expect(await harness.run('list_clusters', {}, READER)).toEqual({ clusters: [], total: 0 });
    for (const tool of ['get_cluster_info', 'get_drs_recommendations']) {
      await expect(harness.run(tool, { cluster_name: 'C0' }, READER)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    }
  });

  it('get_resource_pool_info takes the only pool', async () => {
    expect(await harness.run('get_resource_pool_info', {}, READER)).toMatchObject({ name: 'Resources', vm_count: 2 });
  });
});
