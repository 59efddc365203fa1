/** `mcvsphere doctor`: one line for each thing that must be right, with what to do where it is not. */
import { Command } from 'commander';
import { type Config, loadProcessConfig } from '../config/config.ts';
import { type Inspection, inspect } from '../inspection.ts';
import { createLogger } from '../lib/logger.ts';
import { problemLines } from './configuration.ts';

/** Beyond this the tokens of a right provider look expired, or not yet valid. */
const MOST_SKEW_SECONDS = 30;

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('Check configuration, identity provider, vSphere, clocks and audit file; exits with 1 on a failure.')
    .action(doctor);
}

/** What a check found out; it fails by throwing what is wrong and what to do. */
type Check = readonly [name: string, run: () => Promise<string>];

async function doctor(): Promise<void> {
  const loaded = loadProcessConfig();
  for (const warning of loaded.warnings) print('warn', 'configuration', warning);
  if (!loaded.ok) {
    print('FAIL', 'configuration', `see \`mcvsphere docs env\`\n${problemLines(loaded.problems).trimEnd()}`);
    process.exitCode = 1;
    return;
  }
  print('ok', 'configuration', `${loaded.config.transport}, ${loaded.config.servers.length} managed server(s)`);
  const inspection = inspect({ config: loaded.config, logger: createLogger('silent') });
  for (const chain of chainsOf(loaded.config, inspection)) {
    if (!(await allPass(chain))) process.exitCode = 1;
  }
  await inspection.close();
}

/** Checks that stand for themselves; within a chain each needs the one before it. */
function chainsOf(config: Config, inspection: Inspection): Check[][] {
  const { oauth } = config;
  return [
    [['policy', async () => describePolicy(config, inspection)]],
    ...(oauth === undefined ? [] : [providerChecks(oauth, inspection)]),
    ...config.servers.map(({ name }) => serverChecks(name, inspection)),
    [['audit file', () => inspection.auditFile()]],
  ];
}

async function allPass(chain: readonly Check[]): Promise<boolean> {
  for (const check of chain) {
    if (!(await passes(check))) return false;
  }
  return true;
}

async function describePolicy(config: Config, inspection: Inspection): Promise<string> {
  const groups = (await inspection.policy()).groups();
  return `${groups.length} groups, by ${config.policyFile ?? 'the defaults'}`;
}

function providerChecks({ issuer }: NonNullable<Config['oauth']>, inspection: Inspection): Check[] {
  return [
    ['identity provider', async () => `${issuer}, keys at ${(await inspection.provider()).jwksUri}`],
    [
      'keys',
      async () => {
        if (await (await inspection.provider()).ready()) return 'loaded';
        throw new Error('the provider is found, but its keys cannot be loaded: look at its JWKS address');
      },
    ],
    ['clock of the provider', async () => skew(await inspection.providerTime())],
  ];
}

function serverChecks(name: string, inspection: Inspection): Check[] {
  return [
    [`${name}: login`, async () => (await inspection.vsphere(name)).version],
    [`${name}: service account`, async () => (await inspection.vsphere(name)).reach()],
    [`${name}: clock`, async () => skew(await (await inspection.vsphere(name)).time())],
  ];
}

/** @param theirs milliseconds since the epoch, as the other side says */
function skew(theirs: number): string {
  const seconds = Math.round((theirs - Date.now()) / 1000);
  const told = `${Math.abs(seconds)} s ${seconds < 0 ? 'behind' : 'ahead of'} this machine`;
  if (Math.abs(seconds) > MOST_SKEW_SECONDS) throw new Error(`${told}: set both clocks by NTP`);
  return told;
}

async function passes([name, run]: Check): Promise<boolean> {
  try {
    print('ok', name, await run());
    return true;
  } catch (error) {
    print('FAIL', name, error instanceof Error ? error.message : String(error));
    return false;
  }
}

function print(state: 'ok' | 'warn' | 'FAIL', name: string, text: string): void {
  process.stdout.write(`${state.padEnd(4)}  ${name}: ${text}\n`);
}
