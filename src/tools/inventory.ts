/** The inventory as a tree, and the search over all of it. */
import { z } from 'zod';
import { abortError, GatewayError } from '../lib/errors.ts';
import { listFolders as readFolders } from '../vsphere/folders.ts';
import { type SearchMatch, searchInventory } from '../vsphere/inventory-search.ts';
import { cursor, limit, objectRef, toObjectRef } from './fields.ts';
import { page, pageFields } from './page.ts';
import { defineGatewayTool, defineTool, type GatewayContext } from './tool.ts';

export const listFolders = defineTool({
  name: 'list_folders',
  title: 'List folders',
  description:
    'The inventory folders of one server with their paths, what may be in them, and how many objects are directly in them. Each datacenter has four at its top: vm, host, datastore, network.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: { limit, cursor },
  output: {
    folders: z.array(
      objectRef.extend({
        type: z.string().describe('What it holds: VirtualMachine, HostSystem, …'),
        children: z.int(),
      }),
    ),
    ...pageFields,
  },
  async handler(given, { vsphere }) {
    const folders = await readFolders(vsphere);
    const { items, ...rest } = page('folders', folders, ({ path, id }) => `${path}\0${id}`, given);
    return {
      folders: items.map((folder) => ({
        ...toObjectRef(folder),
        type: folder.holds.join(', '),
        children: folder.children,
      })),
      ...rest,
    };
  },
});

const text = z.string().optional();

/** One slow server must not use up the time of the whole search. */
const SERVER_DEADLINE_MS = 20_000;
/** Nor its tags the time of its names and addresses: what each of thousands is called has to be asked. */
const TAGS_DEADLINE_MS = 12_000;

export const find = defineGatewayTool({
  name: 'find',
  title: 'Find objects',
  description:
    'Search every managed server for objects by a part of their name, by id, by tag, or VMs and hosts by guest host name, IP or MAC address, or a part of one. Tells the server, path and id that other tools take. A server that is down is named, and the others are searched.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: {
    query: z.string().min(1).max(200).describe('Part of a name, address or tag (category/name), in any case.'),
    limit: limit.default(50),
    cursor,
  },
  output: {
    matches: z.array(
      objectRef.extend({
        type: z.string(),
        host: z.string().describe('Managed server'),
        matched_by: z.string(),
        matched: z.string(),
      }),
    ),
    ...pageFields,
    servers: z.array(z.object({ host: z.string(), searched: z.boolean(), error: text, tags_error: text })),
  },
  target: ({ query }) => query,
  async handler({ query, ...paging }, context) {
    const searches = await Promise.all(context.servers.list().map(({ name }) => searchServer(name, query, context)));
    const found = searches.flatMap(({ host, matches }) => matches.map((match) => ({ ...match, host })));
    const { items, ...rest } = page('matches', found, ({ host, path, id }) => `${host}\0${path}\0${id}`, paging);
    return {
      matches: items.map((match) => ({
        ...toObjectRef(match),
        type: match.type,
        host: match.host,
        matched_by: match.matchedBy,
        matched: match.matched,
      })),
      ...rest,
      servers: searches.map(({ host, error, tagsError }) => ({
        host,
        searched: error === undefined,
        ...(error === undefined ? {} : { error }),
        ...(tagsError === undefined ? {} : { tags_error: tagsError }),
      })),
    };
  },
});

interface Search {
  readonly host: string;
  readonly matches: readonly SearchMatch[];
  readonly error?: string;
  readonly tagsError?: string;
}

async function searchServer(host: string, query: string, context: GatewayContext): Promise<Search> {
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(SERVER_DEADLINE_MS)]);
  try {
    const server = await context.servers.get(host, signal);
    const operationId = context.requestId;
    const soon = AbortSignal.any([signal, AbortSignal.timeout(TAGS_DEADLINE_MS)]);
    const { tags } = server.forCall({ operationId, signal: soon });
    const vsphere = { ...server.forCall({ operationId, signal }), tags };
    const { matches, tagsError } = await searchInventory(vsphere, query);
    if (context.signal.aborted) throw abortError(context.signal);
    return { host, matches, ...(tagsError === undefined ? {} : { tagsError: tagsError.message }) };
  } catch (error) {
    if (context.signal.aborted) throw abortError(context.signal);
    if (error instanceof GatewayError) return { host, matches: [], error: error.message };
    context.logger.error({ err: error, host, request_id: context.requestId }, 'a server could not be searched');
    return { host, matches: [], error: 'The search failed; the log of the gateway says why.' };
  }
}
