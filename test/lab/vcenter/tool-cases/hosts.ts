import { expect } from 'vitest';
import type { ManagedObject } from '../../../../lab/vcenter/core/managed-object.ts';
import { type Args, BAD_CURSOR, missing, refOf, type Stage, type ToolCase, type ToolCases } from './case.ts';

type Host = ManagedObject<'HostSystem'>;

const up = (stage: Stage): Host =>
  stage.first('HostSystem', (host) => host.get('runtime').connectionState === 'connected');
const ofHost = (stage: Stage): Args => ({ host_name: up(stage).id });

/** A tool about one host that only reads. */
function hostCase(works: (host: Host, stage: Stage) => Promise<void>): ToolCase {
  return {
    works: (stage) => works(up(stage), stage),
    fails: missing('host_name'),
    denied: { args: ofHost },
  };
}

export const hostCases: ToolCases = {
  list_hosts: {
    async works(stage) {
      const { hosts } = await stage.run('list_hosts');
      const there = [...stage.world.objects.all('HostSystem')];
      expect(hosts).toHaveLength(there.length);
      for (const host of there) {
        expect(hosts).toContainEqual(
          expect.objectContaining({
            ...refOf(host),
            maintenance_mode: host.get('runtime').inMaintenanceMode,
            vm_count: host.get('vm').length,
          }),
        );
      }
    },
    fails: BAD_CURSOR,
    denied: { args: {} },
  },
  get_host_info: hostCase(async (host, stage) => {
    const { hardware, config } = host.get('summary');
    const { product } = config;
    expect(await stage.run('get_host_info', { host_name: host.id })).toMatchObject({
      ...refOf(host),
      uuid: hardware?.uuid,
      product: { version: product?.version, build: product?.build },
      hardware: { vendor: hardware?.vendor, model: hardware?.model, cpu_cores: hardware?.numCpuCores },
      status: { connection_state: 'connected', maintenance_mode: host.get('runtime').inMaintenanceMode },
    });
  }),
  get_host_stats: hostCase(async (host, stage) => {
    const said = await stage.run('get_host_stats', { host_name: host.id });
    expect(said).toMatchObject({ ...refOf(host), cpu_cores: host.get('summary').hardware?.numCpuCores });
    expect(said.cpu_usage_percent).toBeGreaterThan(0);
    expect(said.memory_usage_percent).toBeLessThan(100);
  }),
  list_services: hostCase(async (host, stage) => {
    const { services } = await stage.run('list_services', { host_name: host.id });
    const there = host.get('config')?.service?.service ?? [];
    expect(services.length).toBeGreaterThan(0);
    expect(services.map(({ key, running }: Args) => [key, running]).sort()).toEqual(
      there.map(({ key, running }) => [key, running]).sort(),
    );
  }),
  get_service_status: {
    async works(stage) {
      const host = up(stage);
      const service = host.get('config')?.service?.service?.find(({ key }) => key === 'TSM-SSH');
      const said = await stage.run('get_service_status', { host_name: host.id, service_key: 'TSM-SSH' });
      expect(said).toMatchObject({
        key: 'TSM-SSH',
        label: service?.label,
        policy: service?.policy,
        running: service?.running,
      });
    },
    fails: { args: (stage) => ({ ...ofHost(stage), service_key: 'nonsense' }), code: 'NOT_FOUND', says: /nonsense/ },
    denied: { args: (stage) => ({ ...ofHost(stage), service_key: 'ntpd' }) },
  },
  get_ntp_config: hostCase(async (host, stage) => {
    expect(await stage.run('get_ntp_config', { host_name: host.id })).toMatchObject({
      ntp_servers: host.get('config')?.dateTimeInfo?.ntpConfig?.server,
      timezone: host.get('config')?.dateTimeInfo?.timeZone.name,
    });
  }),
  get_host_hardware: hostCase(async (host, stage) => {
    const hardware = host.get('hardware');
    const said = await stage.run('get_host_hardware', { host_name: host.id });
    expect(said).toMatchObject({
      uuid: hardware?.systemInfo.uuid,
      memory: { total_bytes: Number(hardware?.memorySize) },
      cpu: { cores: hardware?.cpuInfo.numCpuCores },
      pci_device_count: hardware?.pciDevice?.length,
    });
    expect(said.pci_device_count).toBeGreaterThan(0);
  }),
  get_host_networking: hostCase(async (host, stage) => {
    const network = host.get('config')?.network;
    const said = await stage.run('get_host_networking', { host_name: host.id });
    const names = (list: readonly Args[]) => list.map(({ name }) => name);
    expect(names(said.vswitches)).toEqual(expect.arrayContaining(network?.vswitch?.map(({ name }) => name) ?? []));
    expect(said.vmkernel_adapters.map(({ device }: Args) => device)).toEqual(
      network?.vnic?.map(({ device }) => device),
    );
    expect(said.dns.servers).toEqual(network?.dnsConfig?.address);
  }),
};
