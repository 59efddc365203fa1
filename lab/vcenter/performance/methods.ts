/** PerformanceManager. */
import type { PerformanceDescription } from '../../../src/vim25/generated/types.ts';
import { invalidArgument } from '../core/faults.ts';
import type { AnyObject } from '../core/managed-object.ts';
import type { MethodTable } from '../core/method.ts';
import type { World } from '../core/world.ts';
import { COUNTERS, INTERVALS, REAL_TIME } from './counters.ts';
import { availableMetrics, isRealTimeProvider, queryPerf } from './query.ts';

const described = (key: string, label: string) => ({ key, label, summary: label });

const DESCRIPTION: PerformanceDescription = {
  counterType: ['average', 'maximum', 'minimum', 'latest', 'summation', 'none'].map((key) => described(key, key)),
  statsType: [described('absolute', 'Absolute'), described('delta', 'Delta'), described('rate', 'Rate')],
};

const HIGHEST_LEVEL = 4;

export function derivePerformance({ objects, kind }: World): void {
  objects.derive('PerformanceManager', 'description', () => DESCRIPTION);
  objects.derive('PerformanceManager', 'perfCounter', () => COUNTERS[kind].all.map(({ info }) => info));
  objects.derive('PerformanceManager', 'historicalInterval', () => INTERVALS);
}

export const performanceMethods: MethodTable = {
  QueryPerfCounter: ({ world, request: { counterId } }) =>
    counterId.map((id) => {
      const counter = COUNTERS[world.kind].byId.get(id);
      if (!counter) throw invalidArgument('counterId');
      return counter.info;
    }),
  QueryPerfCounterByLevel: ({ world, request: { level } }) => {
    if (level < 1 || level > HIGHEST_LEVEL) throw invalidArgument('level');
    return COUNTERS[world.kind].all.flatMap(({ info }) => ((info.level ?? 1) <= level ? [info] : []));
  },
  QueryPerfProviderSummary: ({ world, request: { entity } }) => {
    const object: AnyObject = world.objects.get(entity);
    const currentSupported = isRealTimeProvider(object);
    return {
      entity: object.ref,
      currentSupported,
      summarySupported: true,
      ...(currentSupported && { refreshRate: REAL_TIME.period }),
    };
  },
  QueryAvailablePerfMetric: ({ world, request: { entity, intervalId } }) =>
    availableMetrics(world, world.objects.get(entity), intervalId),
  QueryPerf: ({ world, request: { querySpec } }) => queryPerf(world, querySpec),
};
