/**
 * What the gateway can list: every tool and resource as the protocol shows it, converted once at start, and cut
 * to what a level may see once per level. A list is never built for a single request.
 */
import type { Resource as ListedResource, ListToolsResult } from '@modelcontextprotocol/server';
import type { PermissionLevel } from '../policy/levels.ts';
import type { Policy } from '../policy/policy.ts';
import type { Resource, ResourceTemplate } from '../resources/resource.ts';
import type { Tool } from '../tools/tool.ts';
import { listedInput, listedOutput } from './listed-schema.ts';

type ListedTool = ListToolsResult['tools'][number];
type Subject = { readonly groups: readonly string[] };

export interface Catalog {
  tools(subject: Subject): { tools: ListedTool[] };
  resources(subject: Subject): { resources: ListedResource[] };
  resourceTemplates(subject: Subject): { resourceTemplates: ListedTemplate[] };
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
  const listed = tools.map((tool) => ({ action: toolAction(tool), item: listTool(tool) }));
  const listedResources = resources.map((resource) => ({
    action: resourceAction(resource),
    item: listResource(resource),
  }));
  const listedTemplates = templates.map((template) => ({
    action: resourceAction(template),
    item: listTemplate(template),
  }));

  const perLevel = <T>(entries: readonly Entry<T>[]) => {
    const lists = new Map<PermissionLevel | undefined, T[]>();
    return (subject: Subject): T[] => {
      const level = policy.highestLevel(subject.groups);
      let list = lists.get(level);
      if (list === undefined) {
        list = entries.filter(({ action }) => policy.decide(subject, action).allowed).map(({ item }) => item);
        lists.set(level, list);
      }
      return list;
    };
  };
  const toolsOf = perLevel(listed);
  const resourcesOf = perLevel(listedResources);
  const templatesOf = perLevel(listedTemplates);

  return {
    tools: (subject) => ({ tools: toolsOf(subject) }),
    resources: (subject) => ({ resources: resourcesOf(subject) }),
    resourceTemplates: (subject) => ({ resourceTemplates: templatesOf(subject) }),
    tool: (name) => byName.get(name),
  };
}

interface Entry<T> {
  readonly action: Parameters<Policy['decide']>[1];
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

/** What is not said of idempotence is that it is not: the hints of a reading tool say nothing further. */
function changeHints({ effect, destructive, idempotent = false }: Tool) {
  return {
    readOnlyHint: false,
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
