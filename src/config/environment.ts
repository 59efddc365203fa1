/**
 * The environment, option by option: secrets taken from the files that `NAME_FILE` names, numbered servers
 * found, empty text treated as not set, and names that look like ours and are none reported. A misspelled
 * option that tightens security would otherwise leave the door open without a word.
 */
import { z } from 'zod';
import { nearestName } from '../lib/nearest-name.ts';
import { type ReadFile, readNamedFile } from './files.ts';
import { metaOf } from './option.ts';
import { OPTION_NAMES, type OptionName, type OptionValues, options } from './options.ts';
import type { Findings } from './problem.ts';

type EsxiName = Extract<OptionName, `ESXI_${string}`>;

/** The values of one ESXi host, by the name without number. */
export type EsxiValues = Partial<Pick<OptionValues, EsxiName>>;

export interface Environment {
  /** `undefined` for an option that has a problem. */
  readonly values: Partial<OptionValues>;
  /** By number, lowest first. */
  readonly numbered: ReadonlyMap<number, EsxiValues>;
  /** Variables that are set to something, numbered and `_FILE` ones included. */
  readonly given: ReadonlySet<string>;
}

const OUR_PREFIX = /^(MCP|VCENTER|ESXI|OAUTH|AUDIT|RBAC)_/;
const NUMBERED = /^(ESXI_[A-Z_]*[A-Z])_(0|[1-9]\d{0,3})(_FILE)?$/;

export function readEnvironment(env: NodeJS.ProcessEnv, readFile: ReadFile, findings: Findings): Environment {
  const set = new Map<string, string>();
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && value.trim() !== '') set.set(name, value);
  }
  warnOfStrangers(set.keys(), findings);

  const numbers = new Set<number>();
  for (const name of set.keys()) {
    const [, base, number] = NUMBERED.exec(name) ?? [];
    if (base !== undefined && isNumbered(base)) numbers.add(Number(number));
  }

  const read = (names: readonly OptionName[], suffix: string) => {
    const values: Partial<Record<OptionName, unknown>> = {};
    for (const name of names) {
      const schema = options.shape[name];
      const text = metaOf(schema).secret
        ? secretOf(name + suffix, set, readFile, findings)
        : set.get(name + suffix)?.trim();
      const result = z.safeParse(schema, text);
      if (result.success) values[name] = result.data;
      else for (const { message } of result.error.issues) findings.problems.push({ name: name + suffix, message });
    }
    return values;
  };

  return {
    values: read(OPTION_NAMES, '') as Partial<OptionValues>,
    numbered: new Map([...numbers].sort((a, b) => a - b).map((n) => [n, read(ESXI_NAMES, `_${n}`) as EsxiValues])),
    given: new Set(set.keys()),
  };
}

const ESXI_NAMES = OPTION_NAMES.filter(isNumbered);

function isNumbered(name: string): boolean {
  return isOption(name) && metaOf(options.shape[name]).numbered === true;
}

function isOption(name: string): name is OptionName {
  return (OPTION_NAMES as readonly string[]).includes(name);
}

/** The secret itself, or the content of the file beside its name, without the line end that editors add. */
function secretOf(
  name: string,
  set: ReadonlyMap<string, string>,
  readFile: ReadFile,
  { problems, warnings }: Findings,
): string | undefined {
  const value = set.get(name);
  const fileName = `${name}_FILE`;
  const path = set.get(fileName)?.trim();
  if (path === undefined) return value;
  if (value !== undefined) {
    problems.push({ name, message: `is set, and so is ${fileName}: only one of them may be` });
    return undefined;
  }
  const file = readNamedFile(fileName, path, readFile, problems);
  if (file === undefined) return undefined;
  if ((file.mode & 0o004) !== 0) warnings.push(`The file of ${fileName} can be read by everybody on this machine.`);
  const text = file.text.replace(/\r?\n$/, '');
  if (text !== '') return text;
  problems.push({ name: fileName, message: 'names an empty file' });
  return undefined;
}

function warnOfStrangers(names: Iterable<string>, { warnings }: Findings): void {
  const known = OPTION_NAMES.flatMap((name) => (metaOf(options.shape[name]).secret ? [name, `${name}_FILE`] : [name]));
  for (const name of names) {
    if (!OUR_PREFIX.test(name) || known.includes(name)) continue;
    const [, base = '', , file = ''] = NUMBERED.exec(name) ?? [];
    if (isNumbered(base) && known.includes(base + file)) continue;
    const nearest = nearestName(name, known);
    warnings.push(`${printable(name)} is no option of this gateway${nearest ? `; is ${nearest} meant?` : '.'}`);
  }
}

function printable(name: string): string {
  return name.slice(0, 64).replace(/[^\x20-\x7e]/g, '?');
}
