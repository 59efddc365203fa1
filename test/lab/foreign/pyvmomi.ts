/** pyVmomi against a server: the Python programs beside this file, which print one JSON value. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { VCenter } from '../../../lab/vcenter/vcenter.ts';
import { buildStep, builtOnce, cachePath } from '../../support/built-once.ts';

const FOLDER = 'test/lab/foreign/pyvmomi';

const environment = cachePath('pyvmomi', FOLDER, ['requirements.txt']);

/** Whether pyVmomi can be had; installs it (once) into a virtual environment of its own. */
export async function pyvmomiAvailable(): Promise<boolean> {
  return builtOnce(await environment, async (output) => {
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--require-hashes'];
    return (
      (await buildStep('python3', ['-m', 'venv', output])) &&
      buildStep(`${output}/bin/python`, [...pip, '-r', 'requirements.txt'], { folder: FOLDER })
    );
  });
}

/** Runs a program, which is given its arguments as JSON, and returns what it prints. Errors: `Error` with its trace. */
export async function runPyvmomi(
  vcenter: Pick<VCenter, 'host' | 'user' | 'password'>,
  program: string,
  args: Readonly<Record<string, unknown>> = {},
  // biome-ignore lint/suspicious/noExplicitAny: as loosely typed as a client has it
): Promise<any> {
  const { host, user, password } = vcenter;
  const script = fileURLToPath(new URL(`pyvmomi/${program}.py`, import.meta.url));
  const child = spawn(`${await environment}/bin/python`, ['-B', script], { stdio: ['pipe', 'pipe', 'pipe'] });
  const [name, port] = host.split(':');
  child.stdin.end(JSON.stringify({ host: name, port: Number(port), user, password, ...args }));
  let output = '';
  let complaint = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    complaint += chunk;
  });
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (exitCode !== 0) throw new Error(`${program}.py ended with ${exitCode}: ${complaint}`);
  return JSON.parse(output);
}
