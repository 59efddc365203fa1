/**
 * From what a person wrote to the object that is meant. By path and by id the cost is the same in an inventory of
 * any size; by name it is one read of all names of the kind, and one of the ancestors of those that fit.
 */
import { ancestorsOf, readUpwards, toInventoryObject } from './ancestry.ts';
import { AmbiguousNameError, listed, ObjectNotFoundError, WrongKindError } from './errors.ts';
import { isFault } from './faults.ts';
import type { InventoryKind, InventoryObject } from './inventory.ts';
import { isOfKind, nounOf, nounOfType, pluralOf, possibleId } from './kinds.ts';
import { decodeName, encodeName, formatPath, parsePath, quoted } from './names.ts';
import { nearNames } from './near-names.ts';
import type { Reader } from './reader.ts';
import type { ManagedObjectReference } from './references.ts';

/** How many of several matches are told. */
const MOST_TOLD = 20;
/** vSphere's names have 80 characters and its paths a few segments: what is longer names nothing. */
const LONGEST = 4096;

interface Named {
  readonly ref: ManagedObjectReference;
  readonly stored: string;
  readonly name: string;
}

interface Lookup {
  find(kind: InventoryKind, wanted: string): Promise<InventoryObject>;
}

/** @returns a lookup that reads the names of a kind once, however often it is asked */
export function createLookup(reader: Reader): Lookup {
  const names = new Map<InventoryKind, Promise<Named[]>>();
  const root = reader.content.rootFolder;

  return {
    async find(kind, wanted) {
      if (wanted.length > LONGEST) throw notFound(kind, wanted, []);
      if (wanted.startsWith('/')) {
        return (await byPath(kind, wanted)) ?? (await byName(kind, wanted)) ?? fail(kind, wanted);
      }
      const found = await byId(kind, wanted);
      if (found !== undefined) {
        if (!idWins(kind)) await requireSame(kind, wanted, found);
        return found;
      }
      const named = await byName(kind, wanted);
      if (named !== undefined) return named;
      const atPath = wanted.includes('/') ? await byPath(kind, wanted) : undefined;
      return atPath ?? fail(kind, wanted);
    },
  };

  async function byId(kind: InventoryKind, wanted: string): Promise<InventoryObject | undefined> {
    const ref = possibleId(kind, wanted, reader.isVcenter);
    if (ref === undefined) return undefined;
    const found = await readUpwards(reader, [ref]).catch((error: unknown) => {
      if (isFault(error)) return undefined;
      throw error;
    });
    const entity = [...(found?.values() ?? [])].find((each) => each.ref.value === wanted);
    if (found === undefined || entity === undefined || !isOfKind(entity.ref.type, kind)) return undefined;
    return toInventoryObject(found, entity.ref, root);
  }

  /** VMs on a vCenter may be too many to read all their names whenever an id is given. */
  function idWins(kind: InventoryKind): boolean {
    return kind === 'VirtualMachine' && reader.isVcenter;
  }

  /** Another object may have for its name what is the id of this one: `datastore-1` is a likely name. */
  async function requireSame(kind: InventoryKind, wanted: string, found: InventoryObject): Promise<void> {
    const others = (await namesOf(kind)).filter(({ name, ref }) => name === wanted && ref.value !== found.id);
    if (others.length > 0) throw ambiguous(kind, wanted, [found, ...(await describeAll(others))]);
  }

  async function byPath(kind: InventoryKind, path: string): Promise<InventoryObject | undefined> {
    const segments = parsePath(path);
    if (segments.length === 0) return kind === 'Folder' ? await describe(root) : undefined;
    const ref = await reader.call('FindByInventoryPath', {
      _this: reader.content.searchIndex!,
      inventoryPath: segments.map(encodeName).join('/'),
    });
    const found = ref === undefined ? undefined : await describe(ref);
    if (found === undefined || differsInCaseOnly(found.path, formatPath(segments))) return byWholePath(kind, segments);
    if (!isOfKind(found.type, kind)) {
      const other = await byWholePath(kind, segments);
      if (other !== undefined) return other;
      throw new WrongKindError(`${quoted(path)} is a ${nounOfType(found.type)}, not a ${nounOf(kind)}.`);
    }
    return found;
  }

  /** What the server does not find by path, being in a vApp, say, or behind another object of the same name. */
  async function byWholePath(kind: InventoryKind, segments: readonly string[]): Promise<InventoryObject | undefined> {
    const path = formatPath(segments);
    const matches = (await namesOf(kind)).filter(({ name }) => name === segments.at(-1));
    const there = (await describeAll(matches)).filter((object) => object.path === path);
    if (there.length > 1) throw ambiguous(kind, path, there);
    return there[0];
  }

  async function byName(kind: InventoryKind, wanted: string): Promise<InventoryObject | undefined> {
    const matches = (await namesOf(kind)).filter(({ name, stored }) => name === wanted || stored === wanted);
    if (matches.length === 0) return undefined;
    const found = await describeAll(matches);
    if (found.length > 1) throw ambiguous(kind, wanted, found, matches.length);
    return found[0];
  }

  async function fail(kind: InventoryKind, wanted: string): Promise<never> {
    const known = (await namesOf(kind)).map(({ name }) => name);
    const last = wanted.includes('/') ? (parsePath(wanted).at(-1) ?? wanted) : wanted;
    throw notFound(kind, wanted, nearNames(last, known));
  }

  function namesOf(kind: InventoryKind): Promise<Named[]> {
    const known = names.get(kind);
    if (known !== undefined) return known;
    const reading = readNames(reader, kind);
    names.set(kind, reading);
    return reading;
  }

  async function describe(ref: ManagedObjectReference): Promise<InventoryObject | undefined> {
    return toInventoryObject(await readUpwards(reader, [ref]), ref, root);
  }

  async function describeAll(matches: readonly Named[]): Promise<InventoryObject[]> {
    const refs = matches.slice(0, MOST_TOLD + 1).map(({ ref }) => ref);
    const entities = await readUpwards(reader, refs);
    return refs.map((ref) => toInventoryObject(entities, ref, root)).filter((object) => object !== undefined);
  }
}

async function readNames(reader: Reader, kind: InventoryKind): Promise<Named[]> {
  const objects = await reader.readAll(kind, ['name']);
  return objects.flatMap(({ ref, props: { name } }) =>
    name === undefined ? [] : [{ ref, stored: name, name: decodeName(name) }],
  );
}

/** The datacenter above an object, the object itself included. */
export async function datacenterOf(reader: Reader, ref: ManagedObjectReference): Promise<InventoryObject | undefined> {
  const root = reader.content.rootFolder;
  const entities = await readUpwards(reader, [ref]);
  const chain = [ref, ...ancestorsOf(entities, ref, root).map((entity) => entity.ref)];
  const datacenter = chain.find(({ type }) => type === 'Datacenter');
  return datacenter && toInventoryObject(entities, datacenter, root);
}

function differsInCaseOnly(found: string, wanted: string): boolean {
  return found !== wanted && found.toLowerCase() === wanted.toLowerCase();
}

function notFound(kind: InventoryKind, wanted: string, near: readonly string[]): ObjectNotFoundError {
  const hint = near.length === 0 ? '' : ` Did you mean ${near.map(quoted).join(', ')}?`;
  return new ObjectNotFoundError(`There is no ${nounOf(kind)} ${quoted(wanted)}.${hint}`);
}

function ambiguous(
  kind: InventoryKind,
  wanted: string,
  found: readonly InventoryObject[],
  matches = found.length,
): AmbiguousNameError {
  const places = found.map(({ path, id }) => `${path} (${id})`).sort();
  const rest = matches > MOST_TOLD ? `, the first ${MOST_TOLD} of them` : '';
  const told = listed(places.slice(0, MOST_TOLD));
  return new AmbiguousNameError(
    `${matches} ${pluralOf(kind)} fit ${quoted(wanted)}; give the path or the id${rest}: ${told}`,
  );
}
