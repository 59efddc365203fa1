import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startVCenter, type VCenter } from '../../../lab/vcenter/vcenter.ts';
import type { VimClient } from '../../../src/vim25/client.ts';
import type {
  PerfCounterInfo,
  PerfEntityMetric,
  PerfEntityMetricCSV,
  PerfMetricIntSeries,
  PerfMetricSeriesCSV,
  PerfQuerySpec,
} from '../../../src/vim25/generated/types.ts';
import type { ManagedObjectReference } from '../../../src/vim25/managed-object-reference.ts';
import { connectTo } from '../../vim25/connect.ts';

let vcenter: VCenter;
let client: VimClient;

beforeAll(async () => {
  vcenter = await startVCenter();
  client = await connectTo(vcenter);
});
afterAll(async () => {
  await client?.close();
  await vcenter?.stop();
});

const manager = () => client.serviceContent.perfManager!;
const query = (...querySpec: PerfQuerySpec[]) => client.call('QueryPerf', { _this: manager(), querySpec });
const CPU_MHZ = { counterId: 6, instance: '' };
const aVm = (powerState: string) =>
  [...vcenter.world.objects.all('VirtualMachine')].find(
    (vm) =>
      vm.get('runtime').powerState === powerState &&
      vm.get('runtime').connectionState === 'connected' &&
      Date.parse(vm.get('runtime').bootTime ?? '2000-01-01') < Date.now() - 2 * 86_400_000,
  )!;

async function series(spec: PerfQuerySpec): Promise<{ values: number[]; times: number[] }> {
  const [found] = (await query(spec)) as PerfEntityMetric[];
  const [only] = (found?.value ?? []) as PerfMetricIntSeries[];
  return {
    values: [...(only?.value ?? [])],
    times: (found?.sampleInfo ?? []).map(({ timestamp }) => Date.parse(timestamp)),
  };
}

describe('counters', () => {
  it('have the ids and names that clients know', async () => {
    const known: Record<number, string> = {
      2: 'cpu.usage.average',
      6: 'cpu.usagemhz.average',
      12: 'cpu.ready.summation',
      24: 'mem.usage.average',
      125: 'disk.usage.average',
      143: 'net.usage.average',
      155: 'sys.uptime.latest',
    };
    const ids = Object.keys(known).map(Number);
    const infos = await client.call('QueryPerfCounter', { _this: manager(), counterId: ids });
    const named = (info: PerfCounterInfo) => `${info.groupInfo.key}.${info.nameInfo.key}.${info.rollupType}`;
    expect(Object.fromEntries(infos.map((info) => [info.key, named(info)]))).toEqual(known);
    const first = await client.call('QueryPerfCounterByLevel', { _this: manager(), level: 1 });
    expect(first.every(({ level }) => level === 1)).toBe(true);
    await expect(client.call('QueryPerfCounter', { _this: manager(), counterId: [999_999] })).rejects.toMatchObject({
      faultType: 'InvalidArgument',
    });
  });

  it('on an ESXi have the ids of an ESXi', async () => {
    const esxi = await startVCenter({ kind: 'esxi', vms: 2 });
    const direct = await connectTo(esxi);
    try {
      const _this = direct.serviceContent.perfManager!;
      const [info] = await direct.call('QueryPerfCounter', { _this, counterId: [1] });
      expect(info).toMatchObject({ nameInfo: { key: 'usage' }, groupInfo: { key: 'cpu' }, rollupType: 'average' });
      const entity = { type: 'HostSystem', value: 'ha-host' };
      const querySpec = [{ entity, intervalId: 20, maxSample: 1, metricId: [{ counterId: 1, instance: '' }] }];
      expect(await direct.call('QueryPerf', { _this, querySpec })).toHaveLength(1);
    } finally {
      await direct.close();
      await esxi.stop();
    }
  });

  it('of hosts and VMs are there every 20 seconds, of what has many hosts every five minutes', async () => {
    const [cluster] = vcenter.world.objects.all('ClusterComputeResource');
    const summary = (entity: ManagedObjectReference) =>
      client.call('QueryPerfProviderSummary', { _this: manager(), entity });
    expect(await summary(aVm('poweredOn').ref)).toMatchObject({ currentSupported: true, refreshRate: 20 });
    expect(await summary(cluster!.ref)).toMatchObject({ currentSupported: false, summarySupported: true });
    const _this = manager();
    expect(await client.call('QueryAvailablePerfMetric', { _this, entity: cluster!.ref, intervalId: 20 })).toEqual([]);
    expect(
      (await client.call('QueryAvailablePerfMetric', { _this, entity: cluster!.ref, intervalId: 300 })).length,
    ).toBeGreaterThan(3);
  });
});

describe('samples', () => {
  it('lie 20 seconds apart, reach back an hour, and agree with the quick stats', async () => {
    const vm = aVm('poweredOn');
    const { values, times } = await series({ entity: vm.ref, intervalId: 20, metricId: [CPU_MHZ] });
    expect(values).toHaveLength(180);
    expect(new Set(times.slice(1).map((time, index) => time - times[index]!))).toEqual(new Set([20_000]));
    const { quickStats } = vm.get('summary');
    const most = quickStats.staticCpuEntitlement ?? 1;
    expect(Math.abs(values.at(-1)! - (quickStats.overallCpuUsage ?? 0)) / most).toBeLessThan(0.1);
    expect(new Set(values).size).toBeGreaterThan(10);
    const again = await series({ entity: vm.ref, intervalId: 20, metricId: [CPU_MHZ] });
    const shared = times.filter((time) => again.times.includes(time));
    expect(shared.length).toBeGreaterThan(170);
    for (const time of shared) expect(again.values[again.times.indexOf(time)]).toBe(values[times.indexOf(time)]);
  });

  it('of a host hold what its VMs use, and those of a cluster what its hosts use', async () => {
    const [cluster] = vcenter.world.objects.all('ClusterComputeResource');
    const at = async (entity: ManagedObjectReference, intervalId: number) =>
      (await series({ entity, intervalId, maxSample: 1, metricId: [CPU_MHZ] })).values[0] ?? 0;
    let hosts = 0;
    for (const ref of cluster!.get('host')) hosts += await at(ref, 300);
    expect(Math.abs((await at(cluster!.ref, 300)) - hosts)).toBeLessThanOrEqual(cluster!.get('host').length);
    const host = vcenter.world.objects.get<'HostSystem'>(cluster!.get('host')[0]!);
    expect(await at(host.ref, 20)).toBeGreaterThan(0);
  });

  it('of the parts of a whole add up to it', async () => {
    const vm = aVm('poweredOn');
    const metricId = [{ counterId: 6, instance: '*' }];
    const [found] = (await query({ entity: vm.ref, intervalId: 20, maxSample: 1, metricId })) as PerfEntityMetric[];
    const all = (found!.value as PerfMetricIntSeries[]).map(({ id, value }) => [id.instance, value![0]!] as const);
    const whole = all.find(([instance]) => instance === '')![1];
    const parts = all.filter(([instance]) => instance !== '');
    expect(parts).toHaveLength(vm.get('config')!.hardware.numCPU);
    expect(Math.abs(parts.reduce((sum, [, value]) => sum + value, 0) - whole)).toBeLessThanOrEqual(parts.length);
  });

  it('roll up over longer times, as averages, lowest and highest', async () => {
    const vm = aVm('poweredOn');
    const metricId = [5, 6, 7, 8].map((counterId) => ({ counterId, instance: '' }));
    const [found] = (await query({ entity: vm.ref, intervalId: 300, maxSample: 12, metricId })) as PerfEntityMetric[];
    const of = (id: number) => (found!.value as PerfMetricIntSeries[]).find((each) => each.id.counterId === id)!.value!;
    expect(of(6)).toHaveLength(12);
    of(6).forEach((average, index) => {
      expect(of(7)[index]).toBeLessThanOrEqual(average);
      expect(of(8)[index]).toBeGreaterThanOrEqual(average);
    });
  });

  it('come as text where a client wants that', async () => {
    const vm = aVm('poweredOn');
    const spec = { entity: vm.ref, intervalId: 20, maxSample: 3, metricId: [CPU_MHZ] };
    const { values, times } = await series(spec);
    const [found] = (await query({ ...spec, format: 'csv' })) as PerfEntityMetricCSV[];
    const [only] = found!.value as PerfMetricSeriesCSV[];
    const texts = only!.value!.split(',').map(Number);
    const stamps = found!.sampleInfoCSV.split(',').filter((_, index) => index % 2 === 1);
    expect(texts).toHaveLength(3);
    stamps.forEach((stamp, index) => {
      const same = times.indexOf(Date.parse(stamp));
      if (same !== -1) expect(texts[index]).toBe(values[same]);
    });
  });

  it('are only between the times that were asked for', async () => {
    const vm = aVm('poweredOn');
    const from = Math.floor(Date.now() / 20_000) * 20_000 - 600_000;
    const { times } = await series({
      entity: vm.ref,
      intervalId: 20,
      metricId: [CPU_MHZ],
      startTime: new Date(from).toISOString(),
      endTime: new Date(from + 100_000).toISOString(),
    });
    expect(times).toEqual([20, 40, 60, 80, 100].map((seconds) => from + seconds * 1000));
  });

  it('are not there of a VM that is off', async () => {
    expect(await query({ entity: aVm('poweredOff').ref, intervalId: 20 })).toEqual([]);
  });

  it.each([
    ['an interval that nobody keeps', { intervalId: 7 }],
    ['a counter that there is not', { metricId: [{ counterId: -1, instance: '' }] }],
    ['no samples', { maxSample: 0 }],
  ])('are refused for %s', async (_, more) => {
    await expect(query({ entity: aVm('poweredOn').ref, ...more })).rejects.toMatchObject({
      faultType: 'InvalidArgument',
    });
  });

  it('are refused where there would be no end of them', async () => {
    const host = [...vcenter.world.objects.all('HostSystem')].find(
      (each) => each.get('runtime').connectionState === 'connected',
    )!;
    const specs = Array.from({ length: 40 }, () => ({
      entity: host.ref,
      intervalId: 20,
      metricId: [{ counterId: 6, instance: '*' }],
    }));
    await expect(query(...specs)).rejects.toMatchObject({ faultType: 'InvalidArgument' });
  });
});
