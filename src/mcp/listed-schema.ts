/**
 * The JSON Schemas of a tool, from its zod schemas.
 *
 * What is listed is shorter than what is checked, and never stricter. A list of a hundred tools is read by a model,
 * which pays for every byte: it is told each argument with its type, default and choices, and each field of the
 * result, those without a type being texts; of objects inside a result it is told the names of their fields, whose
 * units are in the names. That there are no further arguments, bounds that only keep out the absurd, and what a result
 * always has, stay with the gateway's own check. docs/tools.md tells the rest.
 */
import type { ListToolsResult } from '@modelcontextprotocol/server';
import { z } from 'zod';

type ListedSchema = ListToolsResult['tools'][number]['inputSchema'];

interface Node {
  [keyword: string]: unknown;
  type?: string;
  properties?: Record<string, Node>;
  items?: Node;
  anyOf?: Node[];
}

/** Texts may be as long as paths are: nobody plans with that. */
const TELLING_LENGTH = 128;

/** What every object is named by, and a task: the server's instructions tell it once. */
const KNOWN = new Set(['name,path,id', 'id,state']);

export function listedInput(schema: z.ZodObject): ListedSchema {
  return everyNode(checkedSchema(schema, 'input'), (node) => {
    const { additionalProperties, description, minimum, minLength, maxLength, ...rest } = node;
    return {
      ...rest,
      ...(additionalProperties === false ? {} : { additionalProperties }),
      ...(description ? { description } : {}),
      ...(minimum === 0 || minimum === 1 ? {} : { minimum }),
      ...(typeof minLength === 'number' && minLength > 1 ? { minLength } : {}),
      ...(typeof maxLength === 'number' && maxLength < TELLING_LENGTH ? { maxLength } : {}),
    };
  }) as ListedSchema;
}

export function listedOutput(schema: z.ZodObject): ListedSchema {
  const { type, properties = {} } = checkedSchema(schema, 'output');
  return { type, properties: eachOf(properties, outline) } as ListedSchema;
}

/** All that the gateway checks, as JSON Schema. */
export function checkedSchema(schema: z.ZodObject, io: 'input' | 'output'): Node {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override({ jsonSchema: node }) {
      if (node.minimum === Number.MIN_SAFE_INTEGER) delete node.minimum;
      if (node.maximum === Number.MAX_SAFE_INTEGER) delete node.maximum;
      if (io === 'output') delete node.additionalProperties;
    },
  });
  return rest as Node;
}

/** A field of a result; an object in it by the names of its fields. */
function outline(node: Node): Node {
  if (node.items !== undefined) return { ...node, items: outline(node.items) };
  if (node.properties === undefined) return withoutTextType(node);
  const names = Object.keys(node.properties);
  const told = KNOWN.has(names.join()) ? undefined : names.join(', ');
  const description = [node.description, told].filter((part) => part !== undefined).join(': ');
  return { type: 'object', ...(description === '' ? {} : { description }) };
}

function withoutTextType(node: Node): Node {
  const { type, ...rest } = node;
  return type === 'string' && node.enum === undefined ? rest : node;
}

function everyNode(node: Node, change: (node: Node) => Node): Node {
  const { properties, items, anyOf, ...rest } = change(node);
  return {
    ...rest,
    ...(properties && { properties: eachOf(properties, (inner) => everyNode(inner, change)) }),
    ...(items && { items: everyNode(items, change) }),
    ...(anyOf && { anyOf: anyOf.map((inner) => everyNode(inner, change)) }),
  };
}

function eachOf(nodes: Record<string, Node>, change: (node: Node) => Node): Record<string, Node> {
  return Object.fromEntries(Object.entries(nodes).map(([name, node]) => [name, change(node)]));
}
