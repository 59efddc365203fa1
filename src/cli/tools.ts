/** `mcvsphere tools`: which tool needs which level, and which groups have it. */
import { Command } from 'commander';
import { createPolicyOf } from '../app.ts';
import { processPolicyFile } from '../config/policy-file.ts';
import type { Policy } from '../policy/policy.ts';
import { toolsets } from '../tools/index.ts';
import type { Tool } from '../tools/tool.ts';

export function toolsCommand(): Command {
  return new Command('tools')
    .description('Print which tool needs which level, and which groups have it.')
    .option('--policy <file>', 'under this policy file; the default is RBAC_POLICY_FILE')
    .option('--json', 'one JSON object a line')
    .action(async (options: { json?: boolean; policy?: string }) => {
      const policyFile = options.policy ?? processPolicyFile();
      const policy = await createPolicyOf(policyFile === undefined ? {} : { policyFile });
      process.stdout.write(options.json ? jsonLines(policy) : plainTable(policy));
    });
}

interface Row {
  readonly toolset: string;
  readonly tool: Tool;
  readonly level: string;
}

function rows(policy: Policy): Row[] {
  return Object.entries(toolsets).flatMap(([toolset, tools]) =>
    tools.map((tool) => ({
      toolset,
      tool,
      level: policy.requiredLevel({ kind: 'tool', name: tool.name, level: tool.permission }),
    })),
  );
}

function jsonLines(policy: Policy): string {
  return rows(policy)
    .map(({ toolset, tool, level }) => {
      const { name, aliases = [], effect, title } = tool;
      return `${JSON.stringify({ name, aliases, title, toolset, level, effect, groups: granting(policy, tool) })}\n`;
    })
    .join('');
}

function plainTable(policy: Policy): string {
  const lines = rows(policy).map(({ tool, level }) => [
    tool.name,
    level,
    tool.effect,
    granting(policy, tool).join(', '),
  ]);
  const table = [['TOOL', 'LEVEL', 'EFFECT', 'GROUPS'], ...lines];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((line) => line[column]!.length)));
  return table
    .map(
      (line) =>
        `${line
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

/** The groups that may call the tool, the least first. */
function granting(policy: Policy, tool: Tool): string[] {
  const action = { kind: 'tool', name: tool.name, level: tool.permission } as const;
  return policy
    .groups()
    .filter(({ group }) => policy.decide({ groups: [group] }, action).allowed)
    .map(({ group }) => group);
}

/** The same as a Markdown table for each toolset, for the documentation. */
export function renderToolTable(policy: Policy): string {
  const sections = Object.entries(toolsets).map(([toolset, tools]) => {
    const lines = tools.map((tool) => {
      const level = policy.requiredLevel({ kind: 'tool', name: tool.name, level: tool.permission });
      const aliases = tool.aliases?.length ? ` (also ${tool.aliases.map((alias) => `\`${alias}\``).join(', ')})` : '';
      return `| \`${tool.name}\`${aliases} | ${level} | ${tool.title} |`;
    });
    return [`**${toolset}**`, '', '| tool | level | what it does |', '|---|---|---|', ...lines, ''].join('\n');
  });
  return sections.join('\n');
}
