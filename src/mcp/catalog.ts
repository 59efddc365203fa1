/**
 * What the gateway can list: every tool and resource as the protocol shows it, converted once at start, cut to what a
 * level may see once per level, and to what is offered per request. No schema is converted for a single request.
 */
import type { Resource as ListedResource, ListToolsResult } from '@modelcontextprotocol/server';
import type { PermissionLevel } from '../policy/levels.ts';
import type { Policy } from '../policy/policy.ts';
import type { Resource, ResourceTemplate } from '../resources/resource.ts';
import type { Tool } from '../tools/tool.ts';
import type { Exchange } from './exchange.ts';
import { listedInput, listedOutput } from './listed-schema.ts';
import { hiddenBy } from './narrowing.ts';

type ListedTool = ListToolsResult['tools'][number];

/** Who looks at a list, and how it is narrowed where they do. */
type Viewer = Pick<Exchange, 'narrowing'> & { readonly principal: { readonly groups: readonly string[] } };

export interface Catalog {
  tools(viewer: Viewer): { tools: ListedTool[] };
  resources(viewer: Viewer): { resources: ListedResource[] };
  resourceTemplates(viewer: Viewer): { resourceTemplates: ListedTemplate[] };
  /** A tool by its name or one of its aliases. */
  tool(name: string): Tool | undefined;
}

interface ListedTemplate {
  uriTemplate: string;
  name: string;
  title: string;
  description: string;
  mimeType: string;
}

interface CatalogOptions {
  readonly tools: readonly Tool[];
  readonly resources: readonly Resource[];
  readonly templates: readonly ResourceTemplate[];
  readonly policy: Policy;
}

export function createCatalog({ tools, resources, templates, policy }: CatalogOptions): Catalog {
  const byName = new Map(tools.flatMap((tool) => [tool.name, ...(tool.aliases ?? [])].map((name) => [name, tool])));
  const listed = tools.map((tool) => ({ action: toolAction(tool), tool, item: listTool(tool) }));
  const entryOf = <T>(resource: Resource | ResourceTemplate, item: T): Entry<T> => ({
    action: resourceAction(resource),
    tool: byName.get(resource.mirrors),
    item,
  });
  const listedResources = resources.map((resource) => entryOf(resource, listResource(resource)));
  const listedTemplates = templates.map((template) => entryOf(template, listTemplate(template)));

  const listFor = <T>(entries: readonly Entry<T>[]) => {
    const lists = new Map<PermissionLevel | undefined, Entry<T>[]>();
    return ({ principal, narrowing }: Viewer): T[] => {
      const level = policy.highestLevel(principal.groups);
      let allowed = lists.get(level);
      if (allowed === undefined) {
        allowed = entries.filter(({ action }) => policy.decide(principal, action).allowed);
        lists.set(level, allowed);
      }
      // There are more narrowings than could be kept, and each takes microseconds.
      return allowed
        .filter(({ tool }) => tool === undefined || hiddenBy(narrowing, tool) === undefined)
        .map(({ item }) => item);
    };
  };
  const toolsFor = listFor(listed);
  const resourcesFor = listFor(listedResources);
  const templatesFor = listFor(listedTemplates);

  return {
    tools: (viewer) => ({ tools: toolsFor(viewer) }),
    resources: (viewer) => ({ resources: resourcesFor(viewer) }),
    resourceTemplates: (viewer) => ({ resourceTemplates: templatesFor(viewer) }),
    tool: (name) => byName.get(name),
  };
}

interface Entry<T> {
  readonly action: Parameters<Policy['decide']>[1];
  /** Itself, or the tool that the resource mirrors. */
  readonly tool: Tool | undefined;
  readonly item: T;
}

function toolAction({ name, permission }: Tool): Entry<unknown>['action'] {
  return { kind: 'tool', name, level: permission };
}

export function resourceAction(resource: Resource | ResourceTemplate): Entry<unknown>['action'] {
  const name = 'uri' in resource ? resource.uri : resource.uriTemplate;
  return { kind: 'resource', name, level: resource.permission, mirrors: resource.mirrors };
}

export function listTool(tool: Tool): ListedTool {
  const read = tool.effect === 'read';
  return {
    name: tool.name,
    title: tool.title,
    description: tool.description,
    inputSchema: listedInput(tool.input),
    outputSchema: listedOutput(tool.output),
    annotations: read ? { readOnlyHint: true, openWorldHint: false } : changeHints(tool),
  };
}

/** What has the value that the protocol gives it anyway is not said. */
function changeHints({ effect, destructive, idempotent = false }: Tool) {
  return {
    destructiveHint: destructive ?? effect === 'delete',
    ...(idempotent ? { idempotentHint: true } : {}),
    openWorldHint: false,
  };
}

function listResource({ uri, name, title, description }: Resource): ListedResource {
  return { uri, name, title, description, mimeType: 'application/json' };
}

function listTemplate({ uriTemplate, name, title, description }: ResourceTemplate): ListedTemplate {
  return { uriTemplate, name, title, description, mimeType: 'application/json' };
}
