/** One session on one server, and the readers that calls get of it. */

import { abortable } from '../lib/abortable.ts';
import type { VimClient } from '../vim25/client.ts';
import type { PropertyFilterSpec } from '../vim25/generated/types.ts';
import { type ContainerViews, createContainerViews, createView } from './container-views.ts';
import { ObjectNotFoundError } from './errors.ts';
import { goneObject } from './faults.ts';
import { nounOfType } from './kinds.ts';
import { quoted } from './names.ts';
import type { CallMethod, ManagedObjectType, Reader } from './reader.ts';
import { type ManagedObjectReference, sameRef } from './references.ts';
import { retrieve } from './retrieve.ts';
import { temporary } from './temporary.ts';
import { requireReadable } from './unreadable.ts';

export interface ConnectionOptions {
  readonly name: string;
  readonly client: VimClient;
  /** Objects a page of a bulk read; the server's own choice when left out. */
  readonly pageSize?: number | undefined;
  /** Told how each request ended, for the server's status. */
  readonly onOutcome?: ((error?: unknown) => void) | undefined;
}

export interface Connection extends ConnectionOptions {
  readonly views: ContainerViews;
  /** Requests that serve no single call: kept views, waiting for updates. */
  readonly shared: CallMethod;
}

const SHARED_OPERATION = 'mcvsphere';

export function createConnection(options: ConnectionOptions): Connection {
  const { client } = options;
  const shared = callMethod(options, { operationId: SHARED_OPERATION });
  const { viewManager, rootFolder } = client.serviceContent;
  return {
    ...options,
    shared,
    views: createContainerViews({
      call: shared,
      viewManager: viewManager!,
      root: rootFolder,
      generation: () => client.generation,
    }),
  };
}

interface CallContext {
  readonly operationId: string;
  readonly signal?: AbortSignal;
}

function callMethod({ client, onOutcome }: ConnectionOptions, context: CallContext): CallMethod {
  return async (method, request) => {
    try {
      const response = await client.call(method, request, context);
      onOutcome?.();
      return response;
    } catch (error) {
      onOutcome?.(error);
      throw error;
    }
  };
}

export function createReader(connection: Connection, context: CallContext & { readonly signal: AbortSignal }): Reader {
  const { client, name, views, pageSize } = connection;
  const { serviceContent } = client;
  const call = callMethod(connection, context);
  const retrieveAll = (filters: readonly PropertyFilterSpec[]) =>
    retrieve({ call, collector: serviceContent.propertyCollector, pageSize }, filters);

  const withView: Reader['withView'] = async (types, use) => {
    const view = await abortable(views.ofRoot(types), context.signal);
    try {
      return await use(view);
    } catch (error) {
      if (!sameRef(goneObject(error), view)) throw error;
      views.forget(view);
      return use(await abortable(views.ofRoot(types), context.signal));
    }
  };

  const withTemporary: Reader['withTemporary'] = (make, destroy, use) => {
    const { operationId, signal } = context;
    const unbound = (until?: AbortSignal) =>
      callMethod(connection, { operationId, ...(until ? { signal: until } : {}) });
    return temporary({ call: unbound, signal }, make, destroy, use);
  };

  const read = async (type: string, refs: readonly ManagedObjectReference[], paths: readonly string[]) =>
    refs.length === 0 ? [] : retrieveAll([ofObjects(refs, [{ type, pathSet: [...paths] }])]);

  const readAll = async (
    type: string,
    paths: readonly string[],
    { within }: { within?: ManagedObjectReference } = {},
  ) => {
    if (within === undefined || sameRef(within, serviceContent.rootFolder)) {
      return withView([type], (view) => retrieveAll([ofView(view, type, paths)]));
    }
    return withTemporary(
      (make) => createView(make, serviceContent.viewManager!, within, [type]),
      (destroy, view) => destroy('DestroyView', { _this: view }),
      (view) => retrieveAll([ofView(view, type, paths)]),
    );
  };

  const readOne = async (type: ManagedObjectType, ref: ManagedObjectReference, paths: readonly string[]) => {
    const [object] = await read(type, [ref], paths);
    if (object === undefined) throw gone(ref);
    await requireReadable({ retrieve: retrieveAll }, object);
    return object;
  };

  return {
    server: name,
    isVcenter: isVcenter(client),
    about: client.about,
    content: serviceContent,
    signal: context.signal,
    call,
    retrieve: retrieveAll,
    withView,
    withTemporary,
    read,
    readOne,
    readAll,
  } as Reader;
}

export function isVcenter(client: VimClient): boolean {
  return client.about.apiType === 'VirtualCenter';
}

export function gone(ref: ManagedObjectReference, cause?: unknown): ObjectNotFoundError {
  return new ObjectNotFoundError(`The ${nounOfType(ref.type)} ${quoted(ref.value)} does not exist (any more).`, {
    cause,
  });
}

function ofView(view: ManagedObjectReference, type: string, paths: readonly string[]): PropertyFilterSpec {
  return throughView(view, [{ type, pathSet: [...paths] }]);
}

/** The given objects. Those that are gone are left out, as they may go at any time between a list and a read. */
export function ofObjects(
  refs: readonly ManagedObjectReference[],
  propSet: PropertyFilterSpec['propSet'],
): PropertyFilterSpec {
  return { propSet, objectSet: refs.map((obj) => ({ obj, skip: false })), reportMissingObjectsInResults: true };
}

/** What a container view shows. A view that is gone is a fault, and never an empty list. */
export function throughView(view: ManagedObjectReference, propSet: PropertyFilterSpec['propSet']): PropertyFilterSpec {
  const content = { $type: 'TraversalSpec', name: 'view', type: 'ContainerView', path: 'view', skip: false };
  return { propSet, objectSet: [{ obj: view, skip: true, selectSet: [content] }] };
}
