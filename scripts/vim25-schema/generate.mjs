#!/usr/bin/env node
// Writes src/vim25/generated/ from govmomi's vim25 types. `--check` writes nothing and exits with 1 on a difference.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { closeOver } from './closure.mjs';
import { emitSchema, emitTypes } from './emit.mjs';
import { locateModule, readDeclarations } from './go-source.mjs';

const target = (name) => fileURLToPath(new URL(`../../src/vim25/generated/${name}`, import.meta.url));
const wanted = JSON.parse(readFileSync(new URL('./closure.json', import.meta.url), 'utf8'));

const { source, folder } = locateModule();
const declared = readDeclarations(folder);
const reached = closeOver(declared, wanted);
const files = {
  'schema.json': emitSchema(source, declared, reached),
  'types.ts': emitTypes(source, declared, reached),
};

if (process.argv.includes('--check')) {
  const stale = Object.entries(files).filter(([name, text]) => readIfThere(target(name)) !== text);
  for (const [name] of stale)
    console.error(`src/vim25/generated/${name} is not what scripts/vim25-schema/generate.mjs writes`);
  process.exitCode = stale.length > 0 ? 1 : 0;
} else {
  mkdirSync(target('.'), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(target(name), text);
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
