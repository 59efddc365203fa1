/** PropertyCollector and PropertyFilter: a session's default collector, and those it makes. */
import type { Call, MethodTable } from '../core/method.ts';
import { select } from '../core/property-filter.ts';
import type { Session } from '../core/sessions.ts';
import { type Collector, createCollector } from './collector.ts';
import { finderOf, retrieveMethods } from './retrieve.ts';

const collectors = new WeakMap<Session, Map<string, Collector>>();

function collectorOf(call: Call): Collector {
  const own = collectors.get(call.session) ?? new Map<string, Collector>();
  collectors.set(call.session, own);
  let collector = own.get(call.self.id);
  if (!collector) {
    collector = createCollector(call);
    own.set(call.self.id, collector);
    // It ends with the session, also the default one.
    call.session.objects.add('PropertyCollector', {}, () => collector?.end());
  }
  return collector;
}

function endCollector(call: Call): void {
  collectors.get(call.session)?.get(call.self.id)?.end();
  collectors.get(call.session)?.delete(call.self.id);
  call.session.objects.remove(call.self.id);
}

export const propertyCollectorMethods: MethodTable = {
  ...retrieveMethods,
  CreatePropertyCollector: ({ session }) => session.objects.add('PropertyCollector', {}).ref,
  DestroyPropertyCollector: endCollector,
  CreateFilter: (call) => {
    const { spec } = call.request;
    select({ ...spec, reportMissingObjectsInResults: true }, finderOf(call));
    return collectorOf(call).addFilter(spec, (onEnd) => call.session.objects.add('PropertyFilter', {}, onEnd).ref);
  },
  WaitForUpdatesEx: (call) => collectorOf(call).wait(call.request.version, call.request.options ?? {}, call.signal),
  WaitForUpdates: async (call) => (await collectorOf(call).wait(call.request.version, {}, call.signal))!,
  CheckForUpdates: (call) => collectorOf(call).wait(call.request.version, { maxWaitSeconds: 0 }, call.signal),
  CancelWaitForUpdates: (call) => collectorOf(call).cancelWait(),
};

export const propertyFilterMethods: MethodTable = {
  DestroyPropertyFilter: ({ session, self }) => session.objects.remove(self.id),
};
