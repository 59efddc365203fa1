/** Tags as people name them: by name, by category and name, or by id. */
import { AmbiguousNameError, listed, ObjectNotFoundError, UnsupportedError } from './errors.ts';
import { quoted, shown } from './names.ts';
import { nearNames } from './near-names.ts';
import type { ManagedObjectReference } from './references.ts';
import type { Tag, TagCatalog } from './tag-catalog.ts';

/** Tags exist on a vCenter only: everything here is UNSUPPORTED on a lone ESXi host. */
export interface Tags {
  /** Every tag that the account may read, by category and name. */
  list(): Promise<Tag[]>;
  /**
   * The one tag that a person means: by its exact name, by `category/name` or by its id.
   *
   * Errors: NOT_FOUND (with near names), AMBIGUOUS (with category and name of each).
   */
  find(wanted: string): Promise<Tag>;
  /** The objects that carry a tag. */
  objectsOf(tag: Pick<Tag, 'id'>): Promise<ManagedObjectReference[]>;
  /**
   * The tags whose name, `category/name` or id holds the text, in any case, and the objects that carry each. It takes
   * a bulk read beyond what `list` takes, and none where no tag fits.
   */
  search(text: string): Promise<{ readonly tag: Tag; readonly objects: readonly ManagedObjectReference[] }[]>;
  /** The tags of each object, by the object's id; in a bulk read beyond what `list` takes. */
  ofObjects(refs: readonly ManagedObjectReference[]): Promise<Map<string, Tag[]>>;
}

interface Options {
  readonly server: string;
  /** Undefined on a lone ESXi host. */
  readonly catalog: TagCatalog | undefined;
  readonly signal: AbortSignal;
}

export function createTags({ server, catalog, signal }: Options): Tags {
  const required = (): TagCatalog => {
    if (catalog === undefined) throw new UnsupportedError(`Tags need a vCenter; ${quoted(server)} is an ESXi host.`);
    return catalog;
  };
  const list = async () => (await required().all(signal)).sort(byLabel);
  const objectsOf = (tags: readonly Pick<Tag, 'id'>[]) =>
    required().objectsOf(
      tags.map(({ id }) => id),
      signal,
    );

  return {
    list,
    find: async (wanted) => pick(await list(), wanted),
    objectsOf: async (tag) => (await objectsOf([tag])).get(tag.id) ?? [],

    async search(text) {
      const words = text.trim().toLowerCase();
      if (words === '') return [];
      const fitting = (await list()).filter(
        (tag) => tag.id.toLowerCase() === words || tagLabel(tag).toLowerCase().includes(words),
      );
      const objects = await objectsOf(fitting);
      return fitting.map((tag) => ({ tag, objects: objects.get(tag.id) ?? [] }));
    },

    async ofObjects(refs) {
      const known = required();
      const [tags, ids] = await Promise.all([known.all(signal), known.idsOf(refs, signal)]);
      const byId = new Map(tags.map((tag) => [tag.id, tag]));
      return new Map(
        refs.map(({ value }) => [
          value,
          [...new Set(ids.get(value))].flatMap((id) => byId.get(id) ?? []).sort(byLabel),
        ]),
      );
    },
  };
}

/** `category/name`, as `find` takes it. */
export function tagLabel({ category, name }: Pick<Tag, 'category' | 'name'>): string {
  return category === '' ? name : `${category}/${name}`;
}

function byLabel(a: Tag, b: Tag): number {
  const [left, right] = [a, b].map((tag) => `${tagLabel(tag)}\0${tag.category}\0${tag.id}`) as [string, string];
  return left < right ? -1 : left > right ? 1 : 0;
}

function pick(tags: readonly Tag[], wanted: string): Tag {
  const fitting = tags.filter((tag) => tag.id === wanted || tag.name === wanted || tagLabel(tag) === wanted);
  const [tag, other] = fitting;
  if (tag === undefined) throw notFound(tags, wanted);
  if (other !== undefined) throw ambiguous(fitting, wanted);
  return tag;
}

function notFound(tags: readonly Tag[], wanted: string): Error {
  const near = nearNames(wanted, [...tags.map(({ name }) => name), ...tags.map(tagLabel)]);
  const hint = near.length === 0 ? '' : ` Did you mean ${near.map(quoted).join(', ')}?`;
  return new ObjectNotFoundError(`There is no tag ${quoted(wanted)}.${hint}`);
}

/** The id where category and name do not tell them apart, as a `/` in a name can bring about. */
function ambiguous(fitting: readonly Tag[], wanted: string): Error {
  const labels = fitting.map((tag) => shown(tagLabel(tag)));
  const first = new Set<string>();
  const repeated = new Set(labels.filter((label) => first.size === first.add(label).size));
  const isAlone = (label: string) => label !== wanted && !repeated.has(label);
  const told = fitting.map(({ id }, at) => (isAlone(labels[at]!) ? labels[at]! : `${labels[at]} (${id})`));
  return new AmbiguousNameError(
    `${fitting.length} tags fit ${quoted(wanted)}; give category/name or the id: ${listed(told)}`,
  );
}
