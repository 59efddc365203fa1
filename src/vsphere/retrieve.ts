/** Bulk property reads: one RetrievePropertiesEx, followed through all its pages. */
import type { ObjectContent, PropertyFilterSpec, RetrieveResult } from '../vim25/generated/types.ts';
import { faultTypeOf, isFault } from './faults.ts';
import type { CallMethod, ObjectProperties } from './reader.ts';
import type { ManagedObjectReference } from './references.ts';

interface RetrieveOptions {
  readonly call: CallMethod;
  readonly collector: ManagedObjectReference;
  /** Objects a page, where the server's own choice will not do. */
  readonly pageSize?: number | undefined;
}

/**
 * All objects that `filters` select.
 *
 * Pages live in the session: when one cannot be had any more (the session was lost and made anew in between),
 * the reading starts over, once.
 */
export async function retrieve(
  options: RetrieveOptions,
  filters: readonly PropertyFilterSpec[],
): Promise<ObjectProperties[]> {
  try {
    return await retrieveOnce(options, filters);
  } catch (error) {
    if (error instanceof LostPage) return retrieveOnce(options, filters).catch(unwrap);
    throw error;
  }
}

async function retrieveOnce(
  { call, collector, pageSize }: RetrieveOptions,
  filters: readonly PropertyFilterSpec[],
): Promise<ObjectProperties[]> {
  const found: ObjectProperties[] = [];
  const take = (page: RetrieveResult | undefined) => {
    for (const content of page?.objects ?? []) found.push(toProperties(content));
    return page?.token;
  };
  let token = take(
    await call('RetrievePropertiesEx', {
      _this: collector,
      specSet: [...filters],
      options: pageSize === undefined ? {} : { maxObjects: pageSize },
    }),
  );
  while (token !== undefined) {
    const next: string = token;
    token = take(
      await call('ContinueRetrievePropertiesEx', { _this: collector, token: next }).catch((error: unknown) => {
        throw isFault(error) ? new LostPage(error) : error;
      }),
    );
  }
  return found;
}

class LostPage extends Error {
  constructor(cause: unknown) {
    super('a page of a retrieve could not be had', { cause });
  }
}

function unwrap(error: unknown): never {
  throw error instanceof LostPage ? error.cause : error;
}

function toProperties({ obj, propSet, missingSet }: ObjectContent): ObjectProperties {
  const props: Record<string, unknown> = {};
  for (const { name, val } of propSet ?? []) props[name] = val;
  const missing = new Map((missingSet ?? []).map(({ path, fault }) => [path, faultTypeOf(fault)]));
  return { ref: obj, props, missing };
}
