// The layer table as data: which rooms a room may import, and which packages live in it.
// `node scripts/layers.mjs` writes it into biome.json, where `noRestrictedImports` enforces it; `--check` compares.
import { readFileSync, writeFileSync } from 'node:fs';

const rooms = {
  lib: [],
  config: ['lib'],
  vim25: ['lib'],
  vsphere: ['vim25', 'lib'],
  policy: ['lib'],
  identity: ['lib'],
  oauth: ['identity', 'lib'],
  audit: ['lib'],
  tools: ['vsphere', 'policy', 'lib'],
  resources: ['vsphere', 'policy', 'lib'],
  mcp: ['tools', 'resources', 'policy', 'audit', 'identity', 'lib'],
  http: ['mcp', 'oauth', 'identity', 'lib'],
  cli: ['config', 'tools', 'policy', 'audit', 'lib'],
};

/** A package outside its rooms fails the lint. */
const packages = {
  undici: ['vim25', 'vsphere'],
  saxes: ['vim25'],
  jose: ['identity', 'oauth'],
  'openid-client': ['oauth'],
  ioredis: ['oauth'],
  '@modelcontextprotocol/server': ['mcp'],
  '@modelcontextprotocol/server/*': ['mcp'],
  '@modelcontextprotocol/node': ['http'],
  '@modelcontextprotocol/fastify': ['http'],
  fastify: ['http'],
  '@fastify/*': ['http'],
  pino: ['lib'],
  yaml: ['policy'],
  commander: ['cli'],
};

function override(room) {
  const open = rooms[room].map((other) => `!../${other}/**`);
  if (room === 'cli') open.push('!../app.ts', '!../inspection.ts', '!../operator-sessions.ts');
  const foreign = Object.entries(packages)
    .filter(([, homes]) => !homes.includes(room))
    .map(([name]) => name);
  return {
    includes: [`src/${room}/**`, '!src/**/*.test.ts'],
    linter: {
      rules: {
        style: {
          noRestrictedImports: {
            level: 'error',
            options: {
              patterns: [
                {
                  group: ['../**', ...open, ...foreign],
                  message: `src/${room} may import ${rooms[room].join(', ') || 'no other room'}: see scripts/layers.mjs`,
                },
              ],
            },
          },
        },
      },
    },
  };
}

const marker = 'src/';
const config = JSON.parse(readFileSync('biome.json', 'utf8'));
const others = (config.overrides ?? []).filter(({ includes }) => !includes.some((glob) => glob.startsWith(marker)));
const wanted = `${JSON.stringify({ ...config, overrides: [...Object.keys(rooms).map(override), ...others] }, null, 2)}\n`;

if (process.argv.includes('--check')) {
  const current = `${JSON.stringify(config, null, 2)}\n`;
  if (current !== wanted) {
    process.stderr.write('biome.json does not hold the layer table: run `node scripts/layers.mjs`\n');
    process.exitCode = 1;
  }
} else {
  writeFileSync('biome.json', wanted);
}
