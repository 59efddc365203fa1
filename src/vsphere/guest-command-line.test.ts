/** On the shell of the machine that runs the tests, which is a guest's shell like any other. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OUTPUT, posixQuoted, SHELLS } from './guest-command-line.ts';

const { posix, windows } = SHELLS;

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mcvsphere-command-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** As VMware Tools start a program on Linux: its path in quotes and its arguments as they are, by a shell. */
function startAsTools(program: { programPath: string; arguments: string }, cwd: string): ChildProcess {
  return spawn('/bin/sh', ['-c', `"${program.programPath}" ${program.arguments}`], { cwd, stdio: 'ignore' });
}

const endOf = (child: ChildProcess) => new Promise<number | null>((resolve) => child.once('close', resolve));

async function runCommand(line: string, folder?: string) {
  const directory = join(root, 'run');
  await mkdir(directory);
  await writeFile(join(directory, posix.scriptName), posix.script({ line, folder }));
  const exitCode = await endOf(startAsTools(posix.runScript, directory));
  const output = (name: string) => readFile(join(directory, name), 'utf8');
  const names = await readdir(directory);
  return { exitCode, stdout: await output(OUTPUT.stdout), stderr: await output(OUTPUT.stderr), names };
}

describe('a command of a POSIX guest', () => {
  it('keeps its exit code and its outputs apart', async () => {
    expect(await runCommand('echo out; echo err >&2; exit 3')).toMatchObject({
      exitCode: 3,
      stdout: 'out\n',
      stderr: 'err\n',
    });
  });

  it('has nothing to read', async () => {
    expect(await runCommand('cat; echo end')).toMatchObject({ exitCode: 0, stdout: 'end\n' });
  });

  it.each([
    `echo 'out`,
    'echo "out',
    'echo out ) > escaped',
    'echo out; } > escaped; {',
    `' > escaped; echo '`,
    `" > escaped; echo "`,
    'echo $(',
    'echo `',
    'echo out \\',
    'echo out << END',
    'echo out\n)\necho more > escaped',
    `echo '\\''; echo "`,
    'echo out # > stdout',
  ])('says everything into its own outputs: %j', async (line) => {
    const folder = join(root, 'folder');
    await mkdir(folder);
    const { names, stdout, stderr } = await runCommand(line, folder);
    expect(names.sort()).toEqual([posix.scriptName, OUTPUT.stderr, OUTPUT.stdout].sort());
    expect(stdout + stderr).not.toBe('');
  });

  it.each(["it's", '$(touch escaped)', 'a b', '-p', '`x`', '"', 'a\\'])('runs in the directory %j', async (name) => {
    const folder = join(root, name);
    await mkdir(folder);
    expect(await runCommand('pwd', folder)).toMatchObject({ exitCode: 0, stdout: `${folder}\n`, stderr: '' });
    expect(existsSync(join(root, 'run', 'escaped'))).toBe(false);
  });

  it('does not run where its directory is gone', async () => {
    const { exitCode, stdout } = await runCommand('echo out', join(root, 'no-such'));
    expect(exitCode).not.toBe(0);
    expect(stdout).toBe('');
  });

  it.each(['echo "it\'s" > made', "printf '%s\\n' it\\'s > made"])(
    'runs directly as it is written: %j',
    async (line) => {
      await endOf(startAsTools(posix.runDirectly(line), root));
      expect(await readFile(join(root, 'made'), 'utf8')).toBe("it's\n");
    },
  );

  it('is ended with all that it has started', async () => {
    const directory = join(root, 'run');
    await mkdir(directory);
    const line = 'sleep 600 & echo $! > "$DIRECTORY/child"; (sleep 601; true); echo unreached';
    const script = posix.script({ line: line.replaceAll('$DIRECTORY', directory) });
    await writeFile(join(directory, posix.scriptName), script);
    const shell = startAsTools(posix.runScript, directory);
    const ended = endOf(shell);
    const child = join(directory, 'child');
    await expect.poll(() => (existsSync(child) ? readFile(child, 'utf8') : ''), { timeout: 5_000 }).toMatch(/\d+\n/);
    await endOf(startAsTools(posix.endTree(shell.pid!), root));
    expect(await ended).not.toBe(0);
    const pid = Number(await readFile(child, 'utf8'));
    await expect.poll(() => isRunning(pid)).toBe(false);
    expect(await readFile(join(directory, OUTPUT.stdout), 'utf8')).toBe('');
  });
});

/** A process that has ended and that nobody has asked about is none that runs. */
async function isRunning(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return status !== '' && !/^\d+ \(.*\) Z/.test(status);
}

it.each(['', "'", "''", "a'b", '\\', '$x', 'a\nb'])('makes one word of %j', async (text) => {
  const out = join(root, 'out');
  const child = spawn('/bin/sh', ['-c', `printf %s ${posixQuoted(text)} > ${posixQuoted(out)}`], { stdio: 'ignore' });
  await endOf(child);
  expect(await readFile(out, 'utf8')).toBe(text);
});

describe('a command of a Windows guest', () => {
  const lastLines = (line: string, folder?: string) => windows.script({ line, folder }).split('\r\n').slice(2, -1);

  it.each([
    ['echo %PATH%', 'echo %PATH%'],
    ['echo %ProgramFiles(x86)%', 'echo %ProgramFiles(x86)%'],
    ['echo %NAME:~0,3%', 'echo %NAME:~0,3%'],
    ['for %i in (1 2) do echo %i', 'for %%i in (1 2) do echo %%i'],
    ['echo 50% of 100%', 'echo 50%% of 100%%'],
    ['echo %1 %* %~dp0', 'echo %%1 %%* %%~dp0'],
  ])('means in the script what it means at the prompt: %s', (line, written) => {
    expect(lastLines(line).at(-1)).toBe(written);
  });

  it('runs line by line, and in its directory', () => {
    expect(lastLines('echo a\necho b', 'C:\\100% & more')).toEqual(['cd /d "C:\\100%% & more"', 'echo a', 'echo b']);
    expect(lastLines('echo a')[0]).toBe('cd /d "%USERPROFILE%"');
  });

  it('is nowhere in the line that redirects', () => {
    expect(windows.runScript.arguments).toBe('/d /s /c "run.cmd 1>stdout 2>stderr <nul"');
  });

  it('is one line of what cmd.exe takes where it runs directly', () => {
    expect(windows.runDirectly('"C:\\a b.exe" "x"').arguments).toBe('/d /s /c ""C:\\a b.exe" "x""');
    expect(() => windows.runDirectly('a\nb')).toThrow(/single line/);
    expect(() => windows.runDirectly('a'.repeat(9_000))).toThrow(/8000 characters/);
  });
});
