/**
 * Names as people write them and as vSphere stores them. vSphere escapes `%`, `/` and `\` in the names of
 * managed entities as `%25`, `%2f` and `%5c`, in either case, and nothing else (vSphere API, ManagedEntity.name).
 */

import { plainText } from '../lib/plain-text.ts';

const ESCAPED = /%(25|2f|5c)/gi;
const SHOWN_LENGTH = 120;

/** A stored name as a person reads it. */
export function decodeName(stored: string): string {
  return stored.replace(ESCAPED, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/**
 * A person's name as vSphere stores it, and as all calls that create or rename take it: in their names a `%` that
 * begins no escape sequence must be escaped, and anything else may be (VirtualMachineConfigSpec.name, CloneVM_Task,
 * Rename_Task).
 */
export function encodeName(name: string): string {
  return name.replace(/[%/\\]/g, (char) => `%${char.charCodeAt(0).toString(16)}`);
}

/** A decoded name as one segment of a shown path: only what would be misread when the path is parsed is escaped. */
function toPathSegment(name: string): string {
  return name.replace(/%(?=25|2f|5c)/gi, '%25').replaceAll('/', '%2f');
}

/** The decoded names that a path consists of. Empty segments are dropped. */
export function parsePath(path: string): string[] {
  return path
    .split('/')
    .filter((segment) => segment !== '')
    .map(decodeName);
}

/** The path of decoded names, as it is shown. */
export function formatPath(names: readonly string[]): string {
  return `/${names.map(toPathSegment).join('/')}`;
}

/** A name fit for a sentence: vSphere lets names hold control and direction-changing characters. */
export function quoted(name: string): string {
  return `"${shown(name)}"`;
}

/** Like `quoted`, without the quotes. */
export function shown(text: string, length = SHOWN_LENGTH): string {
  return plainText(text, length);
}
