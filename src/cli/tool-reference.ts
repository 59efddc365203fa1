/** The reference page of the tools, made from their definitions. */

import type { Policy } from '../policy/policy.ts';
import { EVERYWHERE, tools, toolsets } from '../tools/index.ts';
import { checkedSchema } from '../tools/json-schema.ts';
import type { Tool } from '../tools/tool.ts';

type Schema = ReturnType<typeof checkedSchema>;

const ownTools = tools.filter(({ scope }) => scope === 'gateway').map(({ name }) => `\`${name}\``);

const INTRODUCTION = `# Tools

<!-- Generated from the code: change the definitions in src/tools/ there. -->

Every tool but ${ownTools.join(', ')} takes \`host\`, the managed server that is meant; left out, it is the
default. A tool that starts a vSphere task waits for it and reports progress; with \`wait: false\` it returns the task at
once, for \`get_task\` and \`cancel_task\`. A VM, host, datastore, network, folder or pool is given by name, inventory path
or id. Arguments that a tool does not know are refused.

## Fewer of them

Some clients take no more than 80 or 128 tools, and a model chooses better among few. What is offered can be narrowed:

| where | toolsets | only what reads |
|---|---|---|
| for everybody, in the environment | \`MCP_TOOLSETS=lifecycle,power\` | \`MCP_READ_ONLY=true\` |
| for one connection, in its URL | \`/mcp?toolsets=lifecycle,power\` | \`/mcp?read_only=true\` |

Both together leave what both leave: a URL never opens what the environment has closed, and neither ever lets anybody do
more than their groups do. The set \`${EVERYWHERE}\` is always there. What is not offered is not answered either, and that is
on the record; \`whoami\` says what narrows the list. A resource goes with the tool that tells the same. A set that there is
not, or a misspelled parameter, is an error: from the environment at start, from a URL with status 400.

On stdio the environment alone counts. In Claude Code:

\`\`\`sh
claude mcp add -t http vsphere 'https://mcp.example.com/mcp?toolsets=lifecycle,power,snapshots&read_only=true'
\`\`\`
`;

export function renderToolReference(policy: Policy): string {
  const overview = Object.entries(toolsets).map(
    ([name, set]) => `| [${name}](#${name}) | ${set.length} | ${countReading(set)} |`,
  );
  const sections = Object.entries(toolsets).flatMap(([name, set]) => [
    `## ${name}`,
    ...set.map((tool) => describeTool(tool, policy)),
  ]);
  const sets = ['## Toolsets', '', '| toolset | tools | of these reading |', '|---|---|---|', ...overview].join('\n');
  return `${[INTRODUCTION.trim(), sets, ...sections].join('\n\n')}\n`;
}

function countReading(set: readonly Tool[]): number {
  return set.filter(({ effect }) => effect === 'read').length;
}

function describeTool(tool: Tool, policy: Policy): string {
  const { name, aliases = [], permission, effect, destructive = effect === 'delete' } = tool;
  const level = policy.requiredLevel({ kind: 'tool', name, level: permission });
  const facts = [
    level,
    effect === 'read' ? 'reads' : `${effect}s`,
    ...(destructive ? ['destructive'] : []),
    ...(tool.task ? ['task'] : []),
    ...(aliases.length === 0 ? [] : [`also ${aliases.map((alias) => `\`${alias}\``).join(', ')}`]),
  ];
  const given = argumentRows(tool);
  const table = ['| argument | type | default | |', '|---|---|---|---|', ...given].join('\n');
  return [
    `### ${name}`,
    cell(tool.description),
    facts.join(' · '),
    ...(given.length === 0 ? [] : [table]),
    `Returns ${fieldsOf(checkedSchema(tool.output, 'output'))}.`,
  ].join('\n\n');
}

/** `host` and `wait` are the same everywhere. */
function argumentRows({ input, scope, task }: Tool): string[] {
  const { properties = {}, required = [] } = checkedSchema(input, 'input');
  return Object.entries(properties)
    .filter(([name]) => !(name === 'host' && scope === 'server') && !(name === 'wait' && task))
    .map(([name, schema]) => {
      const initial = (required as string[]).includes(name) ? 'required' : defaultOf(schema);
      return `| \`${name}\` | ${cell(typeOf(schema))} | ${cell(initial)} | ${cell(schema.description as string | undefined)} |`;
    });
}

function defaultOf(schema: Schema): string {
  return schema.default === undefined ? '' : `\`${JSON.stringify(schema.default)}\``;
}

function typeOf(schema: Schema): string {
  if (Array.isArray(schema.enum)) return schema.enum.map(String).join(' | ');
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(' | ');
  if (schema.items !== undefined) return `list of ${typeOf(schema.items)}`;
  return `${schema.writeOnly === true ? 'secret ' : ''}${schema.type ?? 'any'}${boundsOf(schema)}`;
}

function boundsOf({ minimum, maximum }: Schema): string {
  if (maximum === undefined) return '';
  return `, ${minimum ?? ''} to ${maximum}`;
}

/** `vm {name, path, id}, disks [{label, size_gb}]`: the names of the fields, as deep as they go. */
function fieldsOf({ properties = {} }: Schema): string {
  return Object.entries(properties)
    .map(([name, schema]) => `\`${name}\`${insideOf(schema)}`)
    .join(', ');
}

function insideOf(schema: Schema): string {
  if (schema.items !== undefined) return ` [${insideOf(schema.items).trim() || schema.items.type}]`;
  return schema.properties === undefined ? '' : ` {${fieldsOf(schema)}}`;
}

function cell(text = ''): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
