/** `cis/tagging/tag-association` */
import { z } from 'zod';
import type { ManagedObjectReference } from '../../../../src/vim25/managed-object-reference.ts';
import { RestError } from '../errors.ts';
import { type OperationTable, operation } from '../operation.ts';
import { dynamicId, dynamicIdOf, nothing, referenceOf, urn } from './fields.ts';

const oneObject = z.object({ object_id: dynamicId });
const manyObjects = z.object({ object_ids: z.array(dynamicId).max(10_000) });
const tagsAndObject = z.object({ object_id: dynamicId, tag_ids: z.array(urn).max(10_000) });
const ATTACH = { privilege: 'InventoryService.Tagging.AttachTag' };

const RESOURCE = 'POST cis/tagging/tag-association';

export const associationOperations: OperationTable = {
  [`${RESOURCE}/{id}?attach`]: operation(
    oneObject,
    ({ world, id, input }) => world.tags.attach(id, referenceOf(input.object_id)),
    ATTACH,
  ),
  [`${RESOURCE}/{id}?detach`]: operation(
    oneObject,
    ({ world, id, input }) => world.tags.detach(id, referenceOf(input.object_id)),
    ATTACH,
  ),
  [`${RESOURCE}/{id}?attach-tag-to-multiple-objects`]: operation(
    manyObjects,
    ({ world, id, input }) => eachObject(input.object_ids, (object) => world.tags.attach(id, object)),
    ATTACH,
  ),
  [`${RESOURCE}/{id}?detach-tag-from-multiple-objects`]: operation(
    manyObjects,
    ({ world, id, input }) => eachObject(input.object_ids, (object) => world.tags.detach(id, object)),
    ATTACH,
  ),
  [`${RESOURCE}?attach-multiple-tags-to-object`]: operation(
    tagsAndObject,
    ({ world, input }) => each(input.tag_ids, (tag) => world.tags.attach(tag, referenceOf(input.object_id))),
    ATTACH,
  ),
  [`${RESOURCE}?detach-multiple-tags-from-object`]: operation(
    tagsAndObject,
    ({ world, input }) => each(input.tag_ids, (tag) => world.tags.detach(tag, referenceOf(input.object_id))),
    ATTACH,
  ),
  [`${RESOURCE}?list-attached-tags`]: operation(oneObject, ({ world, input }) =>
    world.tags.tagsOf(referenceOf(input.object_id)),
  ),
  [`${RESOURCE}?list-attachable-tags`]: operation(oneObject, ({ world, input }) => {
    const object = referenceOf(input.object_id);
    const attached = new Set(world.tags.tagsOf(object));
    return world.tags
      .tags()
      .flatMap(({ id }) => (!attached.has(id) && world.tags.isAttachable(id, object) ? [id] : []));
  }),
  [`${RESOURCE}?list-attached-tags-on-objects`]: operation(manyObjects, ({ world, input }) =>
    input.object_ids.flatMap((object_id) => {
      const tag_ids = world.tags.tagsOf(referenceOf(object_id));
      return tag_ids.length > 0 ? [{ object_id, tag_ids }] : [];
    }),
  ),
  [`${RESOURCE}/{id}?list-attached-objects`]: operation(nothing, ({ world, id }) =>
    world.tags.objectsOf(id).map(dynamicIdOf),
  ),
  [`${RESOURCE}?list-attached-objects-on-tags`]: operation(
    z.object({ tag_ids: z.array(urn).max(10_000) }),
    ({ world, input }) => {
      const known = new Set(world.tags.tags().map(({ id }) => id));
      return input.tag_ids.flatMap((tag_id) =>
        known.has(tag_id) ? [{ tag_id, object_ids: world.tags.objectsOf(tag_id).map(dynamicIdOf) }] : [],
      );
    },
  ),
};

interface BatchResult {
  readonly success: boolean;
  readonly error_messages: readonly object[];
}

/** Each on its own: what fails is told, and stops none of the others. */
function each<T>(items: readonly T[], run: (item: T) => void): BatchResult {
  const error_messages = items.flatMap((item) => {
    try {
      run(item);
      return [];
    } catch (error) {
      if (!(error instanceof RestError)) throw error;
      return [{ args: error.args, default_message: error.message, id: error.id }];
    }
  });
  return { success: error_messages.length === 0, error_messages };
}

function eachObject(
  ids: readonly z.output<typeof dynamicId>[],
  run: (object: ManagedObjectReference) => void,
): BatchResult {
  return each(ids, (id) => run(referenceOf(id)));
}
