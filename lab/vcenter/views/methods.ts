/** ViewManager and its views. */
import { invalidArgument, objectNotFound } from '../core/faults.ts';
import type { AnyObject, ManagedObject } from '../core/managed-object.ts';
import type { MethodTable } from '../core/method.ts';
import type { ObjectStore } from '../core/object-store.ts';
import { propertiesOf } from '../core/type-tables.ts';
import { membersBelow } from './members.ts';

/** A container view shows what is there when it is read. */
export function deriveViews(objects: ObjectStore): void {
  objects.derive('ContainerView', 'view', (view) => {
    const container = objects.find(view.get('container'));
    const options = { types: view.get('type'), recursive: view.get('recursive') };
    return container ? membersBelow(container, options, objects) : [];
  });
}

export const viewManagerMethods: MethodTable = {
  CreateContainerView: ({ world, session, request: { container, type = [], recursive } }) => {
    world.objects.get(container);
    if (type.some((name) => !propertiesOf(name))) throw invalidArgument('type');
    return session.objects.add('ContainerView', { container, type, recursive }).ref;
  },
  CreateListView: ({ world, session, request: { obj = [] } }) => {
    for (const ref of obj) world.objects.get(ref);
    return session.objects.add('ListView', { view: obj }).ref;
  },
};

export const viewMethods: MethodTable = {
  DestroyView: ({ session, self }) => session.objects.remove(self.id),
  ModifyListView: ({ world, self, request: { add = [], remove = [] } }) => {
    const view = listViewOf(self);
    const gone = new Set(remove.map(({ value }) => value));
    const unresolved = add.filter((ref) => !world.objects.find(ref));
    const added = add.filter((ref) => world.objects.find(ref));
    view.set({ view: [...view.get('view').filter(({ value }) => !gone.has(value)), ...added] });
    return unresolved;
  },
  ResetListView: ({ world, self, request: { obj = [] } }) => {
    listViewOf(self).set({ view: obj.filter((ref) => world.objects.find(ref)) });
    return obj.filter((ref) => !world.objects.find(ref));
  },
};

function listViewOf(self: AnyObject): ManagedObject<'ListView'> {
  const view = self.as('ListView');
  if (!view) throw objectNotFound(self.ref);
  return view;
}
