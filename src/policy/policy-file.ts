/**
 * RBAC_POLICY_FILE: the operator's own groups, and tools that need more than they do by default.
 *
 *     groups:
 *       /platform/ops: POWER_OPS                            # a Keycloak path
 *       0f0c5c9e-4a57-4d6c-9d3c-2f0a7b1c8e11: VM_LIFECYCLE  # an Entra group
 *     tools:
 *       delete_vm: FULL_ADMIN
 *
 * The groups here join the default ones; a default group that is named here has the level that stands here, be
 * it higher or lower: who is in it is the operator's to know. A tool's level may be raised and never lowered,
 * since a level below the one that its author gave it would open it to people who were promised it is closed.
 * A resource that tells the same as a tool rises with it.
 *
 * A file with any fault is refused whole: half a policy is a policy nobody wrote.
 */
import { isAlias, isMap, isNode, isScalar, LineCounter, type Pair, parseDocument, visit, type YAMLMap } from 'yaml';
import { nearestName } from '../lib/nearest-name.ts';
import { PolicyFileError, type PolicyProblem } from './errors.ts';
import { DEFAULT_GROUPS } from './groups.ts';
import { includesLevel, isPermissionLevel, PERMISSION_LEVELS, type PermissionLevel } from './levels.ts';

const LARGEST = 1024 * 1024;
const LONGEST_NAME = 256;
/** A policy is two levels deep. Deeper text is refused before the parser recurses into it. */
const DEEPEST_FLOW = 8;
const SECTIONS = ['groups', 'tools'];

/** A tool as far as a policy file speaks of it. */
export interface KnownTool {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly level: PermissionLevel;
}

export interface PolicyFile {
  /** The default groups and those of the file. */
  readonly groupLevels: ReadonlyMap<string, PermissionLevel>;
  /** By canonical tool name, also where the file named an alias. */
  readonly toolLevels: ReadonlyMap<string, PermissionLevel>;
}

/**
 * @param text the content of the file: YAML 1.2 or JSON, at most 1 MiB
 * @param file its name, for messages
 * @param tools every tool there is
 * @throws PolicyFileError with every problem and its line
 */
export function parsePolicyFile(text: string, file: string, tools: readonly KnownTool[]): PolicyFile {
  const problems: PolicyProblem[] = [];
  const lines = new LineCounter();
  const report = (at: unknown, message: string) => {
    const offset = isNode(at) && at.range ? at.range[0] : typeof at === 'number' ? at : 0;
    problems.push({ line: Math.max(1, lines.linePos(offset).line), message });
  };

  const root = readRoot(text, lines, report);
  const groupLevels = new Map(DEFAULT_GROUPS);
  const toolLevels = new Map<string, PermissionLevel>();

  for (const pair of root?.items ?? []) {
    const section = keyOf(pair, report);
    if (section === undefined) continue;
    if (!SECTIONS.includes(section)) {
      report(pair.key, `Unknown key ${quote(section)}${guess(section, SECTIONS)}. Known are groups and tools.`);
    } else if (!isMap(pair.value)) {
      report(pair.value ?? pair.key, `${section} must map names to levels.`);
    } else if (section === 'groups') {
      for (const [name, level] of levelsIn(pair.value, report)) groupLevels.set(name, level);
    } else {
      readTools(pair.value, tools, toolLevels, report);
    }
  }

  if (problems.length > 0)
    throw new PolicyFileError(
      file,
      problems.sort((a, b) => a.line - b.line),
    );
  return { groupLevels, toolLevels };
}

type Report = (at: unknown, message: string) => void;

/** The top mapping, or `undefined` after a report. Anchors, aliases and tags have no use here and are refused. */
function readRoot(text: string, lines: LineCounter, report: Report): YAMLMap | undefined {
  if (Buffer.byteLength(text) > LARGEST) {
    report(0, 'The file is larger than 1 MiB.');
    return undefined;
  }
  if (flowDepth(text) > DEEPEST_FLOW) {
    report(0, 'The file is nested too deeply.');
    return undefined;
  }
  let document: ReturnType<typeof parseDocument>;
  try {
    document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: '1.2', schema: 'core' });
  } catch {
    report(0, 'The file is neither YAML nor JSON.');
    return undefined;
  }
  for (const error of [...document.errors, ...document.warnings]) {
    report(
      error.pos[0],
      error.code === 'DUPLICATE_KEY' ? 'This key stands twice in its mapping.' : `${error.message}.`,
    );
  }
  visit(document, {
    Node(_key, node) {
      if (isAlias(node)) report(node, 'Aliases are not allowed in a policy file.');
      else if (node.anchor !== undefined) report(node, 'Anchors are not allowed in a policy file.');
      else if (node.tag !== undefined && !node.tag.startsWith('tag:yaml.org,2002:'))
        report(node, 'Tags are not allowed.');
    },
  });
  const { contents } = document;
  if (isMap(contents) && contents.items.length > 0) return contents as YAMLMap;
  if (document.errors.length === 0) {
    const empty = contents === null || isMap(contents) || (isScalar(contents) && contents.value === null);
    report(contents, empty ? 'The file is empty.' : 'The file must be a mapping with the keys groups and tools.');
  }
  return undefined;
}

function readTools(
  map: YAMLMap,
  tools: readonly KnownTool[],
  toolLevels: Map<string, PermissionLevel>,
  report: Report,
) {
  const known = new Map(tools.flatMap((tool) => [tool.name, ...(tool.aliases ?? [])].map((name) => [name, tool])));
  for (const [name, level, key] of levelsIn(map, report)) {
    const tool = known.get(name);
    if (tool === undefined) {
      report(key, `There is no tool ${quote(name)}${guess(name, known.keys())}.`);
    } else if (toolLevels.has(tool.name)) {
      report(key, `${quote(name)} is the tool ${tool.name}, which stands in this file already.`);
    } else if (!includesLevel(level, tool.level)) {
      report(key, `${name} needs ${tool.level}; a policy file may raise that and not lower it to ${level}.`);
    } else {
      toolLevels.set(tool.name, level);
    }
  }
}

function levelsIn(map: YAMLMap, report: Report): [name: string, level: PermissionLevel, key: unknown][] {
  const found: [string, PermissionLevel, unknown][] = [];
  for (const pair of map.items) {
    const name = keyOf(pair, report);
    if (name === undefined) continue;
    const value: unknown = isScalar(pair.value) ? pair.value.value : undefined;
    if (isPermissionLevel(value)) {
      found.push([name, value, pair.key]);
    } else if (typeof value === 'string') {
      report(
        pair.value,
        `${quote(value)} is not a level${guess(value, PERMISSION_LEVELS)}. Levels: ${PERMISSION_LEVELS.join(', ')}.`,
      );
    } else {
      report(pair.value ?? pair.key, `${quote(name)} must have one level: ${PERMISSION_LEVELS.join(', ')}.`);
    }
  }
  return found;
}

function keyOf(pair: Pair, report: Report): string | undefined {
  const name: unknown = isScalar(pair.key) ? pair.key.value : undefined;
  if (typeof name !== 'string') {
    report(pair.key, 'This name is not a text: put it in quotes.');
  } else if (name === '' || name.length > LONGEST_NAME || /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(name)) {
    report(pair.key, `A name has 1 to ${LONGEST_NAME} characters, none of them invisible.`);
  } else {
    return name;
  }
  return undefined;
}

/** The deepest run of brackets that are open at once, counted without looking at quotes: an upper bound. */
function flowDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const c of text) {
    if (c === '[' || c === '{') deepest = Math.max(deepest, ++depth);
    else if ((c === ']' || c === '}') && depth > 0) depth -= 1;
  }
  return deepest;
}

function guess(name: string, candidates: Iterable<string>): string {
  const nearest = nearestName(name, candidates);
  return nearest === undefined ? '' : `; is ${nearest} meant?`;
}

/** Someone's text inside a message: short, and nothing in it moves a terminal. */
function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '�');
}
