// tsc emits code only; the schema tables of vim25/ are data that must stand beside it.
import { chmodSync, cpSync } from 'node:fs';

cpSync('src/vim25/generated/schema.json', 'dist/vim25/generated/schema.json');
chmodSync('dist/main.js', 0o755);
