/** Categories, their tags, and which tag is on which object. */
import type { ManagedObjectReference } from '../../../../src/vim25/managed-object-reference.ts';
import type { ObjectStore } from '../../core/object-store.ts';
import type { Random } from '../../core/random.ts';
import { isManagedSubtype } from '../../core/type-tables.ts';
import { invalid, notFound, RestError } from '../errors.ts';

export interface Category {
  /** `urn:vmomi:InventoryServiceCategory:…:GLOBAL` */
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** SINGLE: an object carries at most one tag of it. */
  readonly cardinality: 'SINGLE' | 'MULTIPLE';
  /** Types of objects that its tags may be on; none: of every type. */
  readonly associable_types: readonly string[];
  readonly used_by: readonly string[];
}

export interface Tag {
  /** `urn:vmomi:InventoryServiceTag:…:GLOBAL` */
  readonly id: string;
  readonly category_id: string;
  readonly name: string;
  readonly description: string;
  readonly used_by: readonly string[];
}

/** All throw a `RestError`: not_found, already_exists, invalid_argument. */
export interface Tags {
  categories(): readonly Category[];
  category(id: string): Category;
  createCategory(spec: Omit<Category, 'id' | 'used_by'>): Category;
  updateCategory(id: string, changes: Partial<Omit<Category, 'id' | 'used_by'>>): void;
  /** Its tags go with it. */
  deleteCategory(id: string): void;
  tags(): readonly Tag[];
  tag(id: string): Tag;
  createTag(spec: Omit<Tag, 'id' | 'used_by'>): Tag;
  updateTag(id: string, changes: Partial<Pick<Tag, 'name' | 'description'>>): void;
  deleteTag(id: string): void;
  /** Attaching what is attached changes nothing. */
  attach(tag: string, object: ManagedObjectReference): void;
  detach(tag: string, object: ManagedObjectReference): void;
  /** Whether `attach` would do it. */
  isAttachable(tag: string, object: ManagedObjectReference): boolean;
  objectsOf(tag: string): readonly ManagedObjectReference[];
  /** Ids. */
  tagsOf(object: ManagedObjectReference): readonly string[];
}

/** What an object that is gone carried is forgotten. */
export function createTags({ objects, random }: { objects: ObjectStore; random: Random }): Tags {
  const categories = new Map<string, Category>();
  const tags = new Map<string, Tag>();
  /** Tag's id → object's id → object. */
  const attached = new Map<string, Map<string, ManagedObjectReference>>();
  /** Object's id → ids of tags. */
  const carried = new Map<string, Set<string>>();

  const drop = (tag: string, object: string) => {
    attached.get(tag)?.delete(object);
    const of = carried.get(object);
    of?.delete(tag);
    if (of?.size === 0) carried.delete(object);
  };
  objects.watch(({ id }, kind) => {
    if (kind === 'leave') for (const tag of [...(carried.get(id) ?? [])]) drop(tag, id);
  });

  const unique = (name: string, others: Iterable<{ readonly name: string }>) => {
    for (const other of others) {
      if (other.name === name) {
        throw new RestError('already_exists', 'cis.tagging.alreadyExists.error', `${name} exists already`, [name]);
      }
    }
  };
  const siblings = (category: string) => [...tags.values()].filter(({ category_id }) => category_id === category);
  const obstacle = (tag: Tag, object: ManagedObjectReference): string | undefined => {
    const { id, name, cardinality, associable_types: types } = store.category(tag.category_id);
    if (types.length > 0 && !types.some((type) => isManagedSubtype(object.type, type))) {
      return `The tag ${tag.name} of the category ${name} cannot be on a ${object.type}.`;
    }
    const others = [...(carried.get(object.value) ?? [])].filter((each) => each !== tag.id);
    if (cardinality === 'SINGLE' && others.some((each) => tags.get(each)?.category_id === id)) {
      return `The object carries a tag of the category ${name} already, and may carry one.`;
    }
    return undefined;
  };

  const store: Tags = {
    categories: () => [...categories.values()],
    category(id) {
      const category = categories.get(id);
      if (!category) throw notFound('Category', id);
      return category;
    },
    createCategory(spec) {
      unique(spec.name, categories.values());
      const category = { id: `urn:vmomi:InventoryServiceCategory:${random.uuid()}:GLOBAL`, ...spec, used_by: [] };
      categories.set(category.id, category);
      return category;
    },
    updateCategory(id, changes) {
      const category = store.category(id);
      if (changes.name !== undefined && changes.name !== category.name) unique(changes.name, categories.values());
      if (category.cardinality === 'MULTIPLE' && changes.cardinality === 'SINGLE') {
        throw invalid('The cardinality cannot be changed from MULTIPLE to SINGLE.');
      }
      const { associable_types: types } = changes;
      const narrows =
        category.associable_types.length === 0 || category.associable_types.some((t) => !types?.includes(t));
      if (types !== undefined && types.length > 0 && narrows) throw invalid('Associable types can only be added.');
      categories.set(id, { ...category, ...changes });
    },
    deleteCategory(id) {
      store.category(id);
      for (const tag of siblings(id)) store.deleteTag(tag.id);
      categories.delete(id);
    },
    tags: () => [...tags.values()],
    tag(id) {
      const tag = tags.get(id);
      if (!tag) throw notFound('Tag', id);
      return tag;
    },
    createTag(spec) {
      store.category(spec.category_id);
      unique(spec.name, siblings(spec.category_id));
      const tag = { id: `urn:vmomi:InventoryServiceTag:${random.uuid()}:GLOBAL`, ...spec, used_by: [] };
      tags.set(tag.id, tag);
      return tag;
    },
    updateTag(id, changes) {
      const tag = store.tag(id);
      if (changes.name !== undefined && changes.name !== tag.name) unique(changes.name, siblings(tag.category_id));
      tags.set(id, { ...tag, ...changes });
    },
    deleteTag(id) {
      store.tag(id);
      for (const object of [...(attached.get(id)?.keys() ?? [])]) drop(id, object);
      attached.delete(id);
      tags.delete(id);
    },
    attach(id, object) {
      const tag = store.tag(id);
      const own = objects.find(object)?.ref;
      if (own?.type !== object.type) throw invalid(`The object is not valid: ${object.type}:${object.value}`);
      const why = obstacle(tag, own);
      if (why !== undefined) throw invalid(why, id);
      attached.set(id, (attached.get(id) ?? new Map<string, ManagedObjectReference>()).set(own.value, own));
      carried.set(own.value, (carried.get(own.value) ?? new Set<string>()).add(id));
    },
    detach(id, object) {
      store.tag(id);
      drop(id, object.value);
    },
    isAttachable: (id, object) => obstacle(store.tag(id), object) === undefined,
    objectsOf: (id) => [...(attached.get(store.tag(id).id)?.values() ?? [])],
    tagsOf: ({ value }) => [...(carried.get(value) ?? [])],
  };
  return store;
}
