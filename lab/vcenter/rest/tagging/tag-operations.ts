/** `cis/tagging/tag` */
import { z } from 'zod';
import type { World } from '../../core/world.ts';
import { type OperationTable, operation } from '../operation.ts';
import { description, name, nothing, urn } from './fields.ts';

export const tagOperations: OperationTable = {
  'GET cis/tagging/tag': operation(nothing, ({ world }) => world.tags.tags().map(({ id }) => id)),
  'GET cis/tagging/tag/{id}': operation(nothing, ({ world, id }) => world.tags.tag(id)),
  'POST cis/tagging/tag': operation(
    z.object({ name, description, category_id: urn }),
    ({ world, input }) => world.tags.createTag(input).id,
    { privilege: 'InventoryService.Tagging.CreateTag', wrapper: 'create_spec' },
  ),
  'PATCH cis/tagging/tag/{id}': operation(
    z.object({ name, description }).partial(),
    ({ world, id, input }) => world.tags.updateTag(id, input as Parameters<typeof world.tags.updateTag>[1]),
    { privilege: 'InventoryService.Tagging.EditTag', wrapper: 'update_spec' },
  ),
  'DELETE cis/tagging/tag/{id}': operation(nothing, ({ world, id }) => world.tags.deleteTag(id), {
    privilege: 'InventoryService.Tagging.DeleteTag',
  }),
  'POST cis/tagging/tag?list-tags-for-category': operation(
    z.object({ category_id: urn }),
    ({ world, input: { category_id } }) => tagsIn(world, category_id),
  ),
  // The older form names the category in the path.
  'POST cis/tagging/tag/{id}?list-tags-for-category': operation(nothing, ({ world, id }) => tagsIn(world, id)),
};

function tagsIn({ tags }: World, category: string): string[] {
  tags.category(category);
  return tags.tags().flatMap(({ id, category_id }) => (category_id === category ? [id] : []));
}
