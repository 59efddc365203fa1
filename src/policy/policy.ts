/**
 * The one decision of this gateway: may this person do that?
 *
 * Lists, calls and resources all ask `decide`, so what a person sees is what the person may do. Whatever the
 * table does not name is denied: a group, a level, an action. Group names compare exactly, as the identity
 * provider wrote them, and only as keys of a `Map`, so that `__proto__` is a name like any other. Nothing here
 * reads a clock, a file or a network: the same question always has the same answer.
 */
import { higherLevel, includesLevel, isPermissionLevel, PERMISSION_LEVELS, type PermissionLevel } from './levels.ts';

interface Subject {
  readonly groups: readonly string[];
}

interface Action {
  readonly kind: 'tool' | 'resource';
  readonly name: string;
  /** What the action itself asks for; the policy may ask for more. */
  readonly level: PermissionLevel;
  /** Of a resource: the tool that tells the same. Who may not call that may not read this either. */
  readonly mirrors?: string;
}

interface Allowed {
  readonly allowed: true;
  /** The level that was needed. */
  readonly level: PermissionLevel;
  /** The group that granted it: the least of the subject's groups that suffices. */
  readonly group: string;
}

interface Denied {
  readonly allowed: false;
  readonly required: PermissionLevel;
  readonly reason: 'no_groups' | 'no_recognised_group' | 'insufficient_level';
  /** Every group that would have been enough, the least first. */
  readonly grantingGroups: readonly string[];
  /** For the caller: what is missing and which group grants it. Names no group of the caller's that means nothing here. */
  readonly message: string;
}

export type Decision = Allowed | Denied;

interface GroupRow {
  readonly group: string;
  readonly level: PermissionLevel;
  readonly includes: readonly PermissionLevel[];
}

export interface Policy {
  decide(subject: Subject, action: Action): Decision;
  /** The highest level these groups give; nothing where none of them is known. */
  highestLevel(groups: readonly string[]): PermissionLevel | undefined;
  /** All levels these groups give, lowest first. */
  levelsOf(groups: readonly string[]): readonly PermissionLevel[];
  /** What the action needs here: its own level, or the higher one that the policy file set. */
  requiredLevel(action: Action): PermissionLevel;
  /** The whole table, lowest level first, then by name. */
  groups(): readonly GroupRow[];
}

interface PolicyOptions {
  readonly groupLevels: ReadonlyMap<string, PermissionLevel>;
  /** Raised levels by canonical tool name; one below the tool's own has no effect. */
  readonly toolLevels?: ReadonlyMap<string, PermissionLevel>;
}

export function createPolicy({ groupLevels, toolLevels = new Map() }: PolicyOptions): Policy {
  const levels = new Map(groupLevels);
  const raised = new Map(toolLevels);
  const table = [...levels]
    .map(([group, level]): GroupRow => Object.freeze({ group, level, includes: Object.freeze(upTo(level)) }))
    .sort((a, b) => a.includes.length - b.includes.length || (a.group < b.group ? -1 : 1));
  Object.freeze(table);

  /** `undefined` where the action asks for a level that does not exist: nobody has that. */
  const needed = ({ kind, name, level, mirrors }: Action): PermissionLevel | undefined => {
    if (!isPermissionLevel(level)) return undefined;
    const tool = kind === 'tool' ? name : mirrors;
    const more = tool === undefined ? undefined : raised.get(tool);
    return more === undefined ? level : higherLevel(level, more);
  };

  const highestLevel: Policy['highestLevel'] = (groups) => {
    let highest: PermissionLevel | undefined;
    for (const group of groups) {
      const level = levels.get(group);
      if (level !== undefined) highest = highest === undefined ? level : higherLevel(highest, level);
    }
    return highest;
  };

  return {
    decide(subject, action) {
      const required = needed(action);
      const group = required && leastSufficient(subject.groups, levels, required);
      if (required !== undefined && group !== undefined) return { allowed: true, level: required, group };

      const grantingGroups =
        required === undefined ? [] : table.filter((row) => includesLevel(row.level, required)).map((row) => row.group);
      const highest = highestLevel(subject.groups);
      const reason =
        subject.groups.length === 0
          ? 'no_groups'
          : highest === undefined
            ? 'no_recognised_group'
            : 'insufficient_level';
      const shown = required ?? 'FULL_ADMIN';
      const message = explain(action.name, shown, reason, highest, grantingGroups);
      return { allowed: false, required: shown, reason, grantingGroups, message };
    },
    highestLevel,
    levelsOf(groups) {
      const highest = highestLevel(groups);
      return highest === undefined ? [] : upTo(highest);
    },
    requiredLevel: (action) => needed(action) ?? 'FULL_ADMIN',
    groups: () => table,
  };
}

function upTo(level: PermissionLevel): PermissionLevel[] {
  return PERMISSION_LEVELS.slice(0, PERMISSION_LEVELS.indexOf(level) + 1);
}

function leastSufficient(
  groups: readonly string[],
  levels: ReadonlyMap<string, PermissionLevel>,
  required: PermissionLevel,
): string | undefined {
  let least: { group: string; level: PermissionLevel } | undefined;
  for (const group of groups) {
    const level = levels.get(group);
    if (level === undefined || !includesLevel(level, required)) continue;
    if (least === undefined || !includesLevel(level, least.level)) least = { group, level };
  }
  return least?.group;
}

const SHOWN_GROUPS = 5;

function explain(
  name: string,
  required: PermissionLevel,
  reason: Denied['reason'],
  highest: PermissionLevel | undefined,
  grantingGroups: readonly string[],
): string {
  const action = /^[\w:/.{}-]{1,128}$/.test(name) ? name : 'This action';
  const have = {
    no_groups: 'your login carries no groups',
    no_recognised_group: 'none of your groups is known to this gateway',
    insufficient_level: `your groups give ${highest} at most`,
  }[reason];
  const more = grantingGroups.length - SHOWN_GROUPS;
  const groups = grantingGroups.slice(0, SHOWN_GROUPS).join(', ') + (more > 0 ? ` and ${more} more` : '');
  const way = groups === '' ? 'No group grants it.' : `Groups that grant it, the least first: ${groups}.`;
  return `${action} needs ${required}, and ${have}. ${way}`;
}
