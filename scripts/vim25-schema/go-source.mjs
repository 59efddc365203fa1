// Reads the declarations of govmomi's vim25 packages: gofmt'd, generated Go, regular enough to be read by line.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MODULE = 'github.com/vmware/govmomi';
/** The one place that pins govmomi's version. */
const PINNED_BY = fileURLToPath(new URL('../vcsim', import.meta.url));

const SCALARS = {
  string: 'string',
  bool: 'boolean',
  byte: 'byte',
  int16: 'short',
  int32: 'int',
  int64: 'long',
  float32: 'float',
  float64: 'double',
  'time.Time': 'dateTime',
  '[]byte': 'base64Binary',
  AnyType: 'any',
  ManagedObjectReference: 'ref',
};

/** @returns the module's `name version` and folder; Go downloads it where the module cache lacks it. */
export function locateModule() {
  const options = { cwd: PINNED_BY, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] };
  execFileSync('go', ['mod', 'download', MODULE], options);
  const { Version, Dir } = JSON.parse(execFileSync('go', ['list', '-m', '-json', MODULE], options));
  return { source: `${MODULE} ${Version}`, folder: join(Dir, 'vim25') };
}

/**
 * @returns data types `{base, fields: [{name, type, array, optional}]}`, enums `name → values`, methods
 *   `{request: fields, response: field | undefined}` and managed objects (as data types), each a Map in source order.
 */
export function readDeclarations(folder) {
  const structs = new Map();
  const aliases = new Map();
  const enums = new Map();
  for (const file of ['types/types.go', 'types/enum.go', 'types/unreleased.go']) {
    readFile(join(folder, file), { structs, aliases, enums });
  }
  const managed = new Map();
  readFile(join(folder, 'mo/mo.go'), { structs: managed, aliases: new Map(), enums: new Map() });

  const methods = new Map();
  for (const [name, target] of aliases) {
    const response = structs.get(`${name}Response`);
    if (!target.endsWith('RequestType') || !response) continue;
    methods.set(name, {
      request: structs.get(target).fields,
      response: response.fields.find((f) => f.name === 'returnval'),
    });
  }
  const types = new Map(
    [...structs].filter(([name]) => !/^ArrayOf|RequestType$|Response$|^ManagedObjectReference$/.test(name)),
  );
  for (const [name, target] of aliases) {
    // A fault's element has a type of its own, an alias of the fault: `type FileFaultFault FileFault`.
    if (!target.endsWith('RequestType') && !name.endsWith('Fault'))
      throw new Error(`alias not understood: ${name} ${target}`);
  }
  return { types, enums, methods, managed };
}

function readFile(path, { structs, aliases, enums }) {
  let current;
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    if (current) {
      if (line === '}') current = undefined;
      else readMember(line, current);
      continue;
    }
    const struct = /^type (\w+) struct \{(\})?$/.exec(line);
    if (struct) {
      const declared = { base: undefined, fields: [] };
      structs.set(struct[1], declared);
      current = struct[2] ? undefined : declared;
      continue;
    }
    const named = /^type (\w+) (\w+)$/.exec(line);
    if (named?.[2] === 'string') enums.set(named[1], []);
    else if (named && named[2] !== 'any') aliases.set(named[1], named[2]);
    const value = /^\t\w+ += (\w+)\("(.*)"\)$/.exec(line);
    if (value) enums.get(value[1])?.push(value[2]);
  }
}

function readMember(line, declared) {
  const embedded = /^\t([A-Z]\w*)$/.exec(line);
  if (embedded) {
    declared.base = embedded[1];
    return;
  }
  const member = /^\t[A-Z]\w* +(\S+) +`(?:xml:"([^"]*)")?(?: ?json:"([^"]*)")?/.exec(line);
  if (!member) return;
  const [, goType, xml, json] = member;
  const [name, ...flags] = (xml ?? json).split(',');
  if (goType === 'xml.Name' || flags.includes('attr') || flags.includes('chardata') || name === '') return;
  if (xml === undefined && name === 'self') return;
  declared.fields.push({
    name,
    ...readType(goType.replaceAll('types.', '')),
    optional: goType[0] === '*' || flags.includes('omitempty'),
  });
}

function readType(goType) {
  const bare = goType.replace(/^\*/, '');
  if (bare === 'ByteSlice') return { type: 'byte', array: true };
  if (SCALARS[bare]) return { type: SCALARS[bare], array: false };
  const array = bare.startsWith('[]');
  const element = array ? bare.slice(2) : bare;
  // An interface (`BaseVirtualDevice`) stands where subclasses may.
  const type = SCALARS[element] ?? element.replace(/^Base(?=[A-Z])/, '');
  return { type, array };
}
