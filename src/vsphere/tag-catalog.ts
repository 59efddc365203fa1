/**
 * The tags of a vCenter, read through its REST API (vSphere Automation API, `cis/tagging`). Which tags there are is
 * always asked; what each is called is kept for a minute, for the API tells it of one tag at a time.
 *
 * Nothing in an answer is taken on trust: an entry without what makes it a tag is left out, as one is that was deleted
 * between two requests.
 */
import { z } from 'zod';
import { abortable } from '../lib/abortable.ts';
import type { Clock } from '../lib/clock.ts';
import { abortError } from '../lib/errors.ts';
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
/** Of tags, and of categories: this API has four connections, and more would only wait for them. */
const AT_ONCE = 3;
const TAGS_A_BATCH = 100;
const OBJECTS_A_BATCH = 1000;
/** The memory that a server can take here has to end: tags that are kept, and what is attached in one answer. */
const MOST_TAGS = 20_000;
const MOST_ATTACHED = 500_000;

const TAG = 'cis/tagging/tag';
const CATEGORY = 'cis/tagging/category';
const ASSOCIATION = 'cis/tagging/tag-association';

const urn = z.string().regex(/^urn:[\w:.-]{1,250}$/);
const name = z.string().min(1).max(256);
const MOST_DESCRIPTION_BYTES = 4096;
const description = z.string().transform(beginning).catch('');
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

/** What was read of one resource, and what is being read. */
interface Shelf<T> {
  readonly kept: Map<string, Kept<T>>;
  readonly underWay: Map<string, Promise<void>>;
}

export function createTagCatalog({ rest, clock }: Options): TagCatalog {
  const tags: Shelf<TagModel> = { kept: new Map(), underWay: new Map() };
  const categories: Shelf<CategoryModel> = { kept: new Map(), underWay: new Map() };

  const post = (action: string, body: object, signal: AbortSignal) =>
    rest.call({ method: 'POST', resource: ASSOCIATION, action, body, signal });

  /** What there is now under these ids; asks only for what is not known or known for too long. */
  async function refresh<T>(
    shelf: Shelf<T>,
    resource: string,
    model: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<string[]> {
    const { kept } = shelf;
    const ids = valid(urn, listIn(await rest.call({ method: 'GET', resource, signal }))).slice(0, MOST_TAGS);
    const there = new Set(ids);
    for (const id of kept.keys()) if (!there.has(id)) kept.delete(id);
    await inParallel([...there], async (id) => {
      // Once for all who want to know it. Where it fails, or is called off, the next of them asks.
      while (!((kept.get(id)?.until ?? 0) > clock.monotonic())) {
        const other = shelf.underWay.get(id);
        if (other === undefined) await read(shelf, { method: 'GET', resource, id, signal }, model);
        else await abortable(other, signal).catch(() => undefined);
        if (signal.aborted) throw abortError(signal);
      }
    });
    return [...there];
  }

  async function read<T>({ kept, underWay }: Shelf<T>, call: RestCall & { readonly id: string }, model: z.ZodType<T>) {
    const { id } = call;
    const reading = readModel(call, model).then((value) => {
      kept.set(id, { value, until: clock.monotonic() + KEPT_MS });
    });
    underWay.set(id, reading);
    await reading.finally(() => underWay.delete(id));
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
        const tag = tags.kept.get(id)?.value;
        if (tag === undefined) return [];
        const category = categories.kept.get(tag.category_id ?? '')?.value?.name ?? '';
        return [{ id, name: tag.name, category, description: tag.description }];
      });
    },

    async objectsOf(ids, signal) {
      const found = collection<ManagedObjectReference>();
      await inParallel(batches(ids, TAGS_A_BATCH), async (tag_ids) => {
        const wanted = new Set(tag_ids);
        const answer = await post('list-attached-objects-on-tags', { tag_ids }, signal);
        for (const { tag_id, object_ids } of valid(tagObjects, listIn(answer))) {
          if (!wanted.has(tag_id)) continue;
          found.add(
            tag_id,
            valid(reference, object_ids ?? []).map(({ type, id }) => ({ type, value: id })),
          );
        }
      });
      return found.all;
    },

    async idsOf(refs, signal) {
      const found = collection<string>();
      await inParallel(batches(refs, OBJECTS_A_BATCH), async (batch) => {
        const wanted = new Set(batch.map(({ value }) => value));
        const object_ids = batch.map(({ type, value }) => ({ type, id: value }));
        const answer = await post('list-attached-tags-on-objects', { object_ids }, signal);
        for (const { object_id, tag_ids } of valid(objectTags, listIn(answer))) {
          if (wanted.has(object_id.id)) found.add(object_id.id, valid(urn, tag_ids ?? []));
        }
      });
      return found.all;
    },
  };
}

/** A copy: what `slice` gives keeps the whole text, and with it all that a server sent, for as long as the tag is kept. */
function beginning(text: string): string {
  const bytes = Buffer.alloc(MOST_DESCRIPTION_BYTES);
  return bytes.toString('utf8', 0, bytes.write(text));
}

/** What is attached to each, by its id, however often an answer comes back to one. */
function collection<T>() {
  const all = new Map<string, T[]>();
  let size = 0;
  return {
    all,
    add(id: string, items: readonly T[]): void {
      size += items.length;
      if (size > MOST_ATTACHED) throw new ProtocolError('it names more objects than there can be');
      const known = all.get(id) ?? [];
      if (known.length === 0) all.set(id, known);
      for (const item of items) known.push(item);
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
