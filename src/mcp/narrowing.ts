/**
 * What is offered of all that a person may do: an operator narrows it for everybody (`MCP_TOOLSETS`,
 * `MCP_READ_ONLY`), a URL for whoever connects by it (`?toolsets=`, `?read_only=`).
 *
 * A narrowing is a list of rules that can only hide, and all that is ever done with two of them is to join them: no
 * URL opens what the operator has closed, and what the policy denies stays denied. What is not listed is not
 * answered either.
 */
import { GatewayError } from '../lib/errors.ts';
import { nearestName } from '../lib/nearest-name.ts';
import { plainText } from '../lib/plain-text.ts';
import type { Tool } from '../tools/tool.ts';

interface Rule {
  /** What asked for it, as it was written: `MCP_READ_ONLY=true`. */
  readonly asked: string;
  /** What it leaves, for people. */
  readonly leaves: string;
  hides(tool: Tool): boolean;
}

export type Narrowing = readonly Rule[];

interface Wanted {
  readonly toolsets?: readonly string[] | undefined;
  readonly readOnly?: boolean | undefined;
}

export interface Narrower {
  /** Errors: CONFIGURATION where there is no toolset of such a name. */
  byEnvironment(wanted: Wanted): Narrowing;
  /** Errors: INVALID_INPUT for what it does not understand: a misspelled `read_only` would leave everything open. */
  byQuery(query: URLSearchParams): Narrowing;
}

const PARAMETERS = ['toolsets', 'read_only'] as const;

/** @param everywhere the toolset that only the read-only switch narrows */
export function createNarrower(toolsets: Readonly<Record<string, readonly Tool[]>>, everywhere: string): Narrower {
  const names = Object.keys(toolsets);
  const setOf = new Map(names.flatMap((name) => toolsets[name]!.map((tool) => [tool.name, name])));

  function unknown(wanted: readonly string[]): string | undefined {
    const stranger = wanted.find((name) => !names.includes(name));
    if (stranger === undefined) return undefined;
    const near = nearestName(stranger, names);
    const hint = near === undefined ? '' : ` Is ${near} meant?`;
    return `there is no toolset "${plainText(stranger, 40)}".${hint} There are ${names.join(', ')}.`;
  }

  function only(wanted: readonly string[], asked: string): Rule {
    const kept = new Set([...wanted, everywhere]);
    return {
      asked,
      leaves: `the tools of ${[...kept].join(', ')}`,
      hides: ({ name }) => !kept.has(setOf.get(name) ?? ''),
    };
  }

  return {
    byEnvironment({ toolsets: wanted, readOnly }) {
      const problem = wanted && unknown(wanted);
      if (problem !== undefined) throw new GatewayError('CONFIGURATION', `MCP_TOOLSETS: ${problem}`);
      return [
        ...(wanted === undefined ? [] : [only(wanted, `MCP_TOOLSETS=${wanted.join(',')}`)]),
        ...(readOnly === true ? [readingOnly('MCP_READ_ONLY=true')] : []),
      ];
    },
    byQuery(query) {
      for (const name of query.keys()) checkParameter(name, query);
      const wanted = query
        .get('toolsets')
        ?.split(',')
        .map((name) => name.trim().toLowerCase());
      const problem = wanted && unknown(wanted);
      if (problem !== undefined) throw refused(`toolsets: ${problem}`);
      return [
        ...(wanted === undefined ? [] : [only(wanted, `?toolsets=${wanted.join(',')}`)]),
        ...(isTrue(query.get('read_only')) ? [readingOnly('?read_only=true')] : []),
      ];
    },
  };
}

function readingOnly(asked: string): Rule {
  return { asked, leaves: 'the tools that only read', hides: ({ effect }) => effect !== 'read' };
}

/** What others put into URLs is theirs, unless it looks like ours. */
function checkParameter(name: string, query: URLSearchParams): void {
  const near = nearestName(name.replaceAll('-', '_'), PARAMETERS);
  if (near === undefined) return;
  if (near !== name) throw refused(`"${plainText(name, 40)}" is no parameter of this URL: is ${near} meant?`);
  if (query.getAll(name).length > 1) throw refused(`${name} stands twice in this URL.`);
}

function isTrue(value: string | null): boolean {
  if (value === null) return false;
  const word = value.toLowerCase();
  if (word === 'true' || word === '1') return true;
  if (word === 'false' || word === '0') return false;
  throw refused('read_only: must be true or false.');
}

function refused(message: string): GatewayError {
  return new GatewayError('INVALID_INPUT', message);
}

/** Why a tool is not offered; nothing where it is. */
export function hiddenBy(narrowing: Narrowing, tool: Tool): string | undefined {
  const rule = narrowing.find((each) => each.hides(tool));
  if (rule === undefined) return undefined;
  const way = rule.asked.startsWith('?')
    ? 'It is in the URL of this connection, which can be changed there.'
    : 'Your operator has set it.';
  return `${tool.name} is not offered here: ${rule.asked} leaves ${rule.leaves}. ${way}`;
}
