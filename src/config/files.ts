import { readFileSync, statSync } from 'node:fs';
import type { ConfigProblem } from './problem.ts';

const LARGEST = 1024 * 1024;

export interface FileContent {
  readonly text: string;
  /** Permission bits, 0 where the system has none. */
  readonly mode: number;
}

/** Reads a file that the configuration names. Throws where it cannot be read. */
export type ReadFile = (path: string) => FileContent;

export const readLocalFile: ReadFile = (path) => {
  const { size, mode } = statSync(path);
  if (size > LARGEST) throw new Error('the file is larger than 1 MiB');
  return { text: readFileSync(path, 'utf8'), mode: process.platform === 'win32' ? 0 : mode & 0o777 };
};

/** The file, or `undefined` after a problem that says why in the words of the system, without the content. */
export function readNamedFile(
  name: string,
  path: string,
  readFile: ReadFile,
  problems: ConfigProblem[],
): FileContent | undefined {
  try {
    return readFile(path);
  } catch (error) {
    problems.push({ name, message: `names a file that cannot be read (${reason(error)})` });
    return undefined;
  }
}

const REASONS = new Map([
  ['ENOENT', 'there is no such file'],
  ['EACCES', 'permission denied'],
  ['EISDIR', 'it is a directory'],
  ['ENOTDIR', 'a part of its path is not a directory'],
]);

function reason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  return (code && (REASONS.get(code) ?? code)) || 'it is too large';
}
