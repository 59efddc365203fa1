/** QueryPerf: samples of counters over a time. */
import type { PerfEntityMetricBase, PerfMetricId, PerfQuerySpec } from '../../../src/vim25/generated/types.ts';
import { invalidArgument } from '../core/faults.ts';
import type { AnyObject } from '../core/managed-object.ts';
import type { World } from '../core/world.ts';
import { instant } from '../history/event-filter.ts';
import { type Basis, basisOf } from './basis.ts';
import { COUNTERS, type Counter, INTERVALS, REAL_TIME } from './counters.ts';
import { instancesOf, shareOf } from './instances.ts';

/** What one call answers at most, in values. */
const MAX_VALUES = 500_000;
/** Moments that a sample of a longer time is made of. */
const MOMENTS = 4;

export function isRealTimeProvider(entity: AnyObject): boolean {
  return ['VirtualMachine', 'HostSystem'].includes(entity.ref.type);
}

/** What can be asked of an object now. `period`: seconds; undefined: any. */
export function availableMetrics(world: World, entity: AnyObject, period?: number): PerfMetricId[] {
  if (period === REAL_TIME.period && !isRealTimeProvider(entity)) return [];
  const basis = basisOf(world, entity, world.clock.now());
  if (!basis) return [];
  return COUNTERS[world.kind].all
    .filter(({ name, info }) => sourceOf(name) in basis && (period === REAL_TIME.period || (info.level ?? 1) <= 2))
    .flatMap((counter) => instancesOf(world, entity, counter).map((instance) => ({ counterId: counter.id, instance })));
}

/** Lowest, highest and raw values are worked out of those that the average is. */
function sourceOf(name: string): string {
  return name.replace(/\.(none|minimum|maximum)$/, '.average');
}

/** Errors: InvalidArgument, ManagedObjectNotFound. */
export function queryPerf(world: World, specs: readonly PerfQuerySpec[]): PerfEntityMetricBase[] {
  const budget = { left: MAX_VALUES };
  return specs.flatMap((spec) => queryOne(world, spec, budget));
}

function queryOne(world: World, spec: PerfQuerySpec, budget: { left: number }): PerfEntityMetricBase[] {
  const entity: AnyObject = world.objects.get(spec.entity);
  const period = spec.intervalId ?? (isRealTimeProvider(entity) ? REAL_TIME.period : INTERVALS[0]!.samplingPeriod);
  const times = timesOf(world, spec, entity, period);
  const moments = momentsOf(world, entity, times, period);
  const taken = times.filter((time) => moments.has(time));
  const wanted = spec.metricId ?? availableMetrics(world, entity, period);
  const series = wanted.flatMap(({ counterId, instance }) => {
    const counter = COUNTERS[world.kind].byId.get(counterId);
    if (!counter) throw invalidArgument('querySpec.metricId');
    const all = instancesOf(world, entity, counter);
    const chosen = instance === '*' ? all : all.filter((each) => each === instance);
    return chosen.map((each) => ({ counter, instance: each, share: shareOf(counter, entity, each, all) }));
  });
  budget.left -= series.length * taken.length;
  if (budget.left < 0) throw invalidArgument('querySpec');
  if (taken.length === 0) return [];
  const value = series.flatMap(({ counter, instance, share }) => {
    const values = taken.map((time) => sampleOf(counter, moments.get(time)!, period, share));
    return values.some((each) => each === undefined)
      ? []
      : [{ id: { counterId: counter.id, instance }, values: values as number[] }];
  });
  const stamps = taken.map((time) => new Date(time).toISOString());
  if (spec.format === 'csv') {
    const csv = {
      $type: 'PerfEntityMetricCSV',
      entity: entity.ref,
      sampleInfoCSV: stamps.map((stamp) => `${period},${stamp}`).join(','),
      value: value.map(({ id, values }) => ({ $type: 'PerfMetricSeriesCSV', id, value: values.join(',') })),
    };
    return [csv];
  }
  const normal = {
    $type: 'PerfEntityMetric',
    entity: entity.ref,
    sampleInfo: stamps.map((timestamp) => ({ timestamp, interval: period })),
    value: value.map(({ id, values }) => ({ $type: 'PerfMetricIntSeries', id, value: values })),
  };
  return [normal];
}

/** Ends of the samples, oldest first: after the start, up to the end, and as far back as such samples are kept. */
function timesOf({ clock }: World, spec: PerfQuerySpec, entity: AnyObject, period: number): number[] {
  const realTime = period === REAL_TIME.period && isRealTimeProvider(entity);
  const length = realTime
    ? REAL_TIME.length
    : INTERVALS.find(({ samplingPeriod }) => samplingPeriod === period)?.length;
  if (length === undefined) throw invalidArgument('querySpec.interval');
  const { maxSample = Number.POSITIVE_INFINITY } = spec;
  if (maxSample <= 0) throw invalidArgument('querySpec.maxSample');
  const step = period * 1000;
  const now = clock.now();
  const end = Math.min(now, instant(spec.endTime, now, 'querySpec.endTime'));
  const kept = now - length * 1000;
  const start = Math.max(kept, instant(spec.startTime, kept, 'querySpec.startTime'));
  const times: number[] = [];
  for (let time = Math.floor(end / step) * step; time > start && times.length < maxSample; time -= step) {
    times.push(time);
  }
  return times.reverse();
}

/** What each sample is made of; none where nothing could be measured. */
function momentsOf(world: World, entity: AnyObject, times: readonly number[], period: number) {
  const moments = new Map<number, readonly Basis[]>();
  // What holds many VMs is even enough: one moment tells as much.
  const count = period === REAL_TIME.period || entity.ref.type !== 'VirtualMachine' ? 1 : MOMENTS;
  for (const time of times) {
    const bases: Basis[] = [];
    for (let index = 0; index < count; index++) {
      const basis = basisOf(world, entity, time - (index * period * 1000) / count);
      if (basis) bases.push(basis);
    }
    if (bases.length > 0) moments.set(time, bases);
  }
  return moments;
}

/** Undefined where the object has no such counter. */
function sampleOf(counter: Counter, bases: readonly Basis[], period: number, share: number): number | undefined {
  const source = sourceOf(counter.name);
  const values = bases.flatMap((basis) => basis[source] ?? []);
  if (values.length === 0) return undefined;
  const scale = share * (counter.stats === 'delta' ? period : 1);
  switch (counter.rollup) {
    case 'minimum':
      return Math.round(Math.min(...values) * scale);
    case 'maximum':
      return Math.round(Math.max(...values) * scale);
    case 'latest':
      return Math.round(values[0]! * scale);
    default:
      return Math.round((values.reduce((sum, each) => sum + each, 0) / values.length) * scale);
  }
}
