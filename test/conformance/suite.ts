/** Where the conformance suite is, and a Node.js that runs it (it asks for 22 or newer). */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const PACKAGES = fileURLToPath(new URL('node_modules/', import.meta.url));
const SUITE = `${PACKAGES}@modelcontextprotocol/conformance/dist/index.js`;
const NODE = Number.parseInt(process.versions.node, 10) >= 22 ? process.execPath : packagedNode();

function packagedNode(): string {
  return `${PACKAGES}node-${process.platform}-${process.arch}/bin/node`;
}

/** Installed by `npm ci --prefix test/conformance`. */
export function suiteInstalled(): boolean {
  return existsSync(SUITE) && existsSync(NODE);
}

export interface SuiteRun {
  readonly exitCode: number | null;
  readonly output: string;
}

/** Runs what a revision of the protocol requires of a server. */
export function runSuite(options: {
  readonly url: string;
  readonly revision: string;
  readonly baseline: string;
  readonly outputFolder: string;
}): Promise<SuiteRun> {
  const { url, revision, baseline, outputFolder } = options;
  return run(['server', '--url', url, '--requirements', revision, '--expected-failures', baseline], outputFolder);
}

/**
 * Runs every scenario for an authorization server, with a client that it knows.
 *
 * @param browse is shown the address that a person has to open
 */
export function runAuthorizationSuite(options: {
  readonly url: string;
  readonly clientId: string;
  readonly resource: string;
  /** Of `http://127.0.0.1:PORT/callback`. */
  readonly port: number;
  readonly outputFolder: string;
  readonly browse: (url: string) => void;
}): Promise<SuiteRun> {
  const { url, clientId, resource, port, outputFolder, browse } = options;
  const args = ['--url', url, '--client-id', clientId, '--resource', resource, '--port', String(port)];
  let asked = false;
  return run(['authorization', ...args], outputFolder, (output) => {
    const address = /^(http\S+\/authorize\?\S+)\n/m.exec(output)?.[1];
    if (address === undefined || asked) return;
    asked = true;
    browse(address);
  });
}

async function run(
  args: readonly string[],
  outputFolder: string,
  heard: (output: string) => void = () => {},
): Promise<SuiteRun> {
  const child = spawn(NODE, [SUITE, ...args, '--output-dir', outputFolder], {
    cwd: outputFolder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (chunk: string) => {
    output += chunk;
    heard(output);
  };
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { exitCode, output };
}
