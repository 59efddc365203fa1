#!/usr/bin/env node
// Writes src/vim25/generated/ and lab/vcenter/generated/ from govmomi's vim25 types. `--check` writes nothing and exits with 1 on a difference.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { closeOver } from './closure.mjs';
import { emitManagedObjects, emitSchema, emitTypes } from './emit.mjs';
import { locateModule, readDeclarations } from './go-source.mjs';

const target = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const wanted = JSON.parse(readFileSync(new URL('./closure.json', import.meta.url), 'utf8'));

const { source, folder } = locateModule();
const declared = readDeclarations(folder);
const reached = closeOver(declared, wanted);
const files = {
  'src/vim25/generated/schema.json': emitSchema(source, declared, reached),
  'src/vim25/generated/types.ts': emitTypes(source, declared, reached),
  'lab/vcenter/generated/managed-objects.json': emitManagedObjects(source, declared, reached),
};

if (process.argv.includes('--check')) {
  const stale = Object.entries(files).filter(([name, text]) => readIfThere(target(name)) !== text);
  for (const [name] of stale) console.error(`${name} is not what scripts/vim25-schema/generate.mjs writes`);
  process.exitCode = stale.length > 0 ? 1 : 0;
} else {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(target(name)), { recursive: true });
    writeFileSync(target(name), text);
  }
  const { types, enums, methods, managed } = reached;
  console.log(`${types.size} types, ${enums.size} enums, ${methods.size} methods, ${managed.size} managed objects`);
}

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
