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
    .description(
      'Check configuration, identity provider, login, vSphere, clocks and audit file; exits with 1 on a failure.',
    )
    .action(doctor);
}

type Login = NonNullable<Inspection['login']>;

/** What a check found out; it fails by throwing what is wrong and what to do. */
type Check = readonly [name: string, run: () => Promise<Finding>];
type Finding = string | { readonly warning: string };

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
  for (const group of groupsOf(loaded.config, inspection)) {
    if (!(await allPass(group))) process.exitCode = 1;
  }
  await inspection.close();
}

/** Groups that stand for themselves; within one all need the first. */
function groupsOf(config: Config, inspection: Inspection): Check[][] {
  const { oauth } = config;
  return [
    [['policy', async () => describePolicy(config, inspection)]],
    ...(oauth === undefined ? [] : [providerChecks(oauth, inspection)]),
    ...(inspection.login === undefined ? [] : loginChecks(inspection.login)),
    ...config.servers.map(({ name }) => serverChecks(name, inspection)),
    [['audit file', () => inspection.auditFile()]],
  ];
}

async function allPass([first, ...others]: readonly Check[]): Promise<boolean> {
  if (first === undefined) return true;
  if (!(await passes(first))) return false;
  let all = true;
  for (const check of others) all = (await passes(check)) && all;
  return all;
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
    ...(inspection.login === undefined ? [] : clientChecks(inspection.login)),
  ];
}

function clientChecks(login: Login): Check[] {
  return [
    ['client at the provider', () => login.clientSecret()],
    ['redirect URI', () => login.redirectUri()],
  ];
}

function loginChecks(login: Login): Check[][] {
  const { stateFolder } = login;
  return [
    [['public address', async () => login.publicAddress()]],
    ...(stateFolder === undefined ? [] : [[['state folder', stateFolder] satisfies Check]]),
    [
      ['signing key', () => login.signingKey()],
      ['session store', () => login.sessionStore()],
    ],
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
    const found = await run();
    if (typeof found === 'string') print('ok', name, found);
    else print('warn', name, found.warning);
    return true;
  } catch (error) {
    print('FAIL', name, error instanceof Error ? error.message : String(error));
    return false;
  }
}

function print(state: 'ok' | 'warn' | 'FAIL', name: string, text: string): void {
  process.stdout.write(`${state.padEnd(4)}  ${name}: ${text}\n`);
}
