/** `cis/tagging/category` */
import { z } from 'zod';
import { type OperationTable, operation } from '../operation.ts';
import { description, name, nothing } from './fields.ts';

const cardinality = z.enum(['SINGLE', 'MULTIPLE']);
const types = z.array(z.string().min(1).max(256)).max(100);

export const categoryOperations: OperationTable = {
  'GET cis/tagging/category': operation(nothing, ({ world }) => world.tags.categories().map(({ id }) => id)),
  'GET cis/tagging/category/{id}': operation(nothing, ({ world, id }) => world.tags.category(id)),
  'POST cis/tagging/category': operation(
    z.object({ name, description, cardinality, associable_types: types }),
    ({ world, input }) => world.tags.createCategory(input).id,
    { privilege: 'InventoryService.Tagging.CreateCategory', wrapper: 'create_spec' },
  ),
  'PATCH cis/tagging/category/{id}': operation(
    z.object({ name, description, cardinality, associable_types: types }).partial(),
    ({ world, id, input }) => world.tags.updateCategory(id, input as Parameters<typeof world.tags.updateCategory>[1]),
    { privilege: 'InventoryService.Tagging.EditCategory', wrapper: 'update_spec' },
  ),
  'DELETE cis/tagging/category/{id}': operation(nothing, ({ world, id }) => world.tags.deleteCategory(id), {
    privilege: 'InventoryService.Tagging.DeleteCategory',
  }),
};
