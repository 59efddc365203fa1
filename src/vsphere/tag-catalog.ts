/**
 * The tags of a vCenter, read through its REST API (vSphere Automation API, `cis/tagging`). Which tags there are is
 * always asked; what each is called is kept for a minute, for the API tells it of one tag at a time.
 *
 * Nothing in an answer is taken on trust: an entry without what makes it a tag is left out, as one is that was deleted
 * between two requests.
 */
import { z } from 'zod';
import type { Clock } from '../lib/clock.ts';
import { ProtocolError, RestStatusError } from '../vim25/errors.ts';
import type { RestCall, RestClient } from '../vim25/rest-client.ts';
import type { ManagedObjectReference } from './references.ts';

export interface Tag {
  /** `urn:vmomi:InventoryServiceTag:…` */
  readonly id: string;
  readonly name: string;
  /** The category's name; empty where the account may not read it. */
  readonly category: string;
  readonly description: string;
}

export interface TagCatalog {
  /** Every tag that the account may read, in any order. */
  all(signal: AbortSignal): Promise<Tag[]>;
  /** The objects that carry each of these tags, by the tag's id; a tag that is on none may be absent. */
  objectsOf(ids: readonly string[], signal: AbortSignal): Promise<Map<string, ManagedObjectReference[]>>;
  /** The ids of each object's tags, by the object's id; an object without tags may be absent. */
  idsOf(refs: readonly ManagedObjectReference[], signal: AbortSignal): Promise<Map<string, string[]>>;
}

interface Options {
  readonly rest: Pick<RestClient, 'call'>;
  readonly clock: Clock;
}

const KEPT_MS = 60_000;
/** The transport has four connections, and other calls are to get through. */
const AT_ONCE = 3;
const TAGS_A_BATCH = 100;
const OBJECTS_A_BATCH = 1000;
/** The memory that a server can take here has to end. */
const MOST_TAGS = 20_000;

const TAG = 'cis/tagging/tag';
const CATEGORY = 'cis/tagging/category';
const ASSOCIATION = 'cis/tagging/tag-association';

const urn = z.string().regex(/^urn:[\w:.-]{1,250}$/);
const name = z.string().min(1).max(256);
const description = z
  .string()
  .transform((text) => text.slice(0, 1024))
  .catch('');
const tagModel = z.object({ name, category_id: urn.optional().catch(undefined), description });
const categoryModel = z.object({ name });
const reference = z.object({ type: z.string().max(100), id: z.string().max(1024) });
const tagObjects = z.object({ tag_id: urn, object_ids: z.array(z.unknown()).nullish() });
const objectTags = z.object({ object_id: reference, tag_ids: z.array(z.unknown()).nullish() });

type TagModel = z.output<typeof tagModel>;
type CategoryModel = z.output<typeof categoryModel>;

interface Kept<T> {
  /** Absent: it was not to be read. */
  readonly value: T | undefined;
  readonly until: number;
}

export function createTagCatalog({ rest, clock }: Options): TagCatalog {
  const tags = new Map<string, Kept<TagModel>>();
  const categories = new Map<string, Kept<CategoryModel>>();

  const post = (action: string, body: object, signal: AbortSignal) =>
    rest.call({ method: 'POST', resource: ASSOCIATION, action, body, signal });

  /** What there is now under these ids; asks only for what is not known or known for too long. */
  async function refresh<T>(
    kept: Map<string, Kept<T>>,
    resource: string,
    model: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<string[]> {
    const ids = valid(urn, listIn(await rest.call({ method: 'GET', resource, signal }))).slice(0, MOST_TAGS);
    const there = new Set(ids);
    for (const id of kept.keys()) if (!there.has(id)) kept.delete(id);
    const stale = [...there].filter((id) => !((kept.get(id)?.until ?? 0) > clock.monotonic()));
    await inParallel(stale, async (id) => {
      const value = await readModel({ method: 'GET', resource, id, signal }, model);
      kept.set(id, { value, until: clock.monotonic() + KEPT_MS });
    });
    return [...there];
  }

  async function readModel<T>(call: RestCall, model: z.ZodType<T>): Promise<T | undefined> {
    try {
      return model.safeParse(await rest.call(call)).data;
    } catch (error) {
      if (error instanceof RestStatusError && (error.status === 404 || error.status === 403)) return undefined;
      throw error;
    }
  }

  return {
    async all(signal) {
      const [ids] = await Promise.all([
        refresh(tags, TAG, tagModel, signal),
        refresh(categories, CATEGORY, categoryModel, signal),
      ]);
      return ids.flatMap((id) => {
        const tag = tags.get(id)?.value;
        if (tag === undefined) return [];
        const category = categories.get(tag.category_id ?? '')?.value?.name ?? '';
        return [{ id, name: tag.name, category, description: tag.description }];
      });
    },

    async objectsOf(ids, signal) {
      const found = new Map<string, ManagedObjectReference[]>();
      await inParallel(batches(ids, TAGS_A_BATCH), async (tag_ids) => {
        const wanted = new Set(tag_ids);
        const answer = await post('list-attached-objects-on-tags', { tag_ids }, signal);
        for (const { tag_id, object_ids } of valid(tagObjects, listIn(answer))) {
          if (!wanted.has(tag_id)) continue;
          const refs = valid(reference, object_ids ?? []).map(({ type, id }) => ({ type, value: id }));
          found.set(tag_id, [...(found.get(tag_id) ?? []), ...refs]);
        }
      });
      return found;
    },

    async idsOf(refs, signal) {
      const found = new Map<string, string[]>();
      await inParallel(batches(refs, OBJECTS_A_BATCH), async (batch) => {
        const wanted = new Set(batch.map(({ value }) => value));
        const object_ids = batch.map(({ type, value }) => ({ type, id: value }));
        const answer = await post('list-attached-tags-on-objects', { object_ids }, signal);
        for (const { object_id, tag_ids } of valid(objectTags, listIn(answer))) {
          if (!wanted.has(object_id.id)) continue;
          found.set(object_id.id, [...(found.get(object_id.id) ?? []), ...valid(urn, tag_ids ?? [])]);
        }
      });
      return found;
    },
  };
}

/** Nothing is an empty list: some servers leave it out. */
function listIn(answer: unknown): readonly unknown[] {
  if (answer === undefined || answer === null) return [];
  if (!Array.isArray(answer)) throw new ProtocolError('it is not the list that was asked for');
  return answer;
}

function valid<T>(schema: z.ZodType<T>, items: readonly unknown[]): T[] {
  return items.flatMap((item) => {
    const parsed = schema.safeParse(item);
    return parsed.success ? [parsed.data] : [];
  });
}

function batches<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}

/** The first failure ends it: no further request is begun. */
async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  let failed = false;
  const worker = async () => {
    for (const item of queue) {
      if (failed) return;
      await work(item).catch((error: unknown) => {
        failed = true;
        throw error;
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
}
