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
import type { z } from 'zod';
import { checkedSchema, type JsonSchema } from '../tools/json-schema.ts';

type ListedSchema = ListToolsResult['tools'][number]['inputSchema'];

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

/** A field of a result; an object in it by the names of its fields. */
function outline(node: JsonSchema): JsonSchema {
  if (node.items !== undefined) return { ...node, items: outline(node.items) };
  if (node.properties === undefined) return withoutTextType(node);
  const names = Object.keys(node.properties);
  const told = KNOWN.has(names.join()) ? undefined : names.join(', ');
  const description = [node.description, told].filter((part) => part !== undefined).join(': ');
  return { type: 'object', ...(description === '' ? {} : { description }) };
}

function withoutTextType(node: JsonSchema): JsonSchema {
  const { type, ...rest } = node;
  return type === 'string' && node.enum === undefined ? rest : node;
}

function everyNode(node: JsonSchema, change: (node: JsonSchema) => JsonSchema): JsonSchema {
  const { properties, items, anyOf, ...rest } = change(node);
  return {
    ...rest,
    ...(properties && { properties: eachOf(properties, (inner) => everyNode(inner, change)) }),
    ...(items && { items: everyNode(items, change) }),
    ...(anyOf && { anyOf: anyOf.map((inner) => everyNode(inner, change)) }),
  };
}

function eachOf(
  nodes: Record<string, JsonSchema>,
  change: (node: JsonSchema) => JsonSchema,
): Record<string, JsonSchema> {
  return Object.fromEntries(Object.entries(nodes).map(([name, node]) => [name, change(node)]));
}
