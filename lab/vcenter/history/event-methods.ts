/** EventManager and EventHistoryCollector. */
import type { DataObjects, Event } from '../../../src/vim25/generated/types.ts';
import { isSubtype } from '../../../src/vim25/schema.ts';
import { fault, invalidArgument } from '../core/faults.ts';
import type { MethodTable } from '../core/method.ts';
import { demand } from '../core/privileges.ts';
import type { World } from '../core/world.ts';
import { readView, registerView } from './collectors.ts';
import { EVENT_DESCRIPTION } from './event-descriptions.ts';
import { eventFilter } from './event-filter.ts';
import { createScrollableView } from './scrollable-view.ts';

/** As vCenter limits what QueryEvents answers where no maxCount is given. */
const MAX_ANSWERED = 1000;
const MAX_MESSAGE = 4096;

export function deriveEvents({ objects, events }: World): void {
  objects.derive('EventManager', 'description', () => EVENT_DESCRIPTION);
  objects.derive('EventManager', 'latestEvent', () => events.all().at(-1));
  for (const manager of objects.all('EventManager')) events.watch(() => manager.touch());
}

export const eventManagerMethods: MethodTable = {
  QueryEvents: ({ world, request: { filter } }) => {
    const { maxCount = MAX_ANSWERED } = filter;
    if (maxCount <= 0) throw invalidArgument('filter.maxCount');
    return world.events.all().filter(eventFilter(filter, world)).slice(-maxCount);
  },
  CreateCollectorForEvents: (call) => {
    const { world, session, request } = call;
    const { filter } = request;
    const fits = eventFilter(filter, world);
    const view = createScrollableView(
      () => world.events.all().filter(fits),
      ({ key }) => key,
    );
    return registerView(session, 'EventHistoryCollector', { filter, view }, (collector) =>
      world.events.watch((event) => {
        if (fits(event)) collector.touch();
      }),
    );
  },
  LogUserEvent: ({ world, session, request: { entity, msg } }) => {
    const object = world.objects.get(entity);
    demand(session, 'Global.LogEvent', object);
    if (msg.length > MAX_MESSAGE) throw invalidArgument('msg');
    world.events.post('GeneralUserEvent', {
      user: session.account?.name ?? '',
      entity: object,
      message: `User logged event: ${msg}`,
      fields: { message: msg, entity: { entity: object.ref, name: String(object.read('name')) } },
    });
  },
  PostEvent: ({ world, session, request: { eventToPost, taskInfo } }) => {
    const root = world.objects.get(world.content.rootFolder);
    demand(session, 'Global.LogEvent', root);
    const {
      $type = 'Event',
      key: _,
      chainId: __,
      createdTime: ___,
      userName,
      fullFormattedMessage,
      ...rest
    } = eventToPost;
    if (!isSubtype($type, 'Event') || $type === 'Event') {
      throw fault('InvalidEvent', {}, `There is no event ${$type}.`);
    }
    const { message, objectId, objectType } = rest as { message?: string; objectId?: string; objectType?: string };
    const named = objectId === undefined ? undefined : { type: objectType ?? '', value: objectId };
    const places = [named, rest.vm?.vm, rest.host?.host, rest.ds?.datastore, rest.computeResource?.computeResource];
    world.events.post($type as Extract<keyof DataObjects, `${string}Event`>, {
      user: userName || (session.account?.name ?? ''),
      entity: places.map((ref) => world.objects.find(ref)).find((object) => object !== undefined) ?? root,
      message: (fullFormattedMessage ?? message ?? $type).slice(0, MAX_MESSAGE),
      fields: rest,
      ...(taskInfo && { chainId: taskInfo.eventChainId }),
    });
  },
};

export const eventCollectorMethods: MethodTable = {
  ReadNextEvents: (call) => readView<Event>(call, call.request.maxCount, 'readNext'),
  ReadPreviousEvents: (call) => readView<Event>(call, call.request.maxCount, 'readPrevious'),
};
