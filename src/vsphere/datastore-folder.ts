/** Folders on datastores as callers write them. */
import { GatewayError } from '../lib/errors.ts';

/**
 * A folder's path without slashes around it, empty for the root.
 *
 * Errors: INVALID_INPUT for what would leave the datastore (`..`, another datastore in brackets) and for control
 * characters.
 */
export function folderPath(text: string): string {
  const segments = text.split('/').filter((segment) => segment !== '' && segment !== '.');
  if (text.startsWith('[') || segments.includes('..') || /[\p{Cc}\\]/u.test(text)) {
    throw new GatewayError('INVALID_INPUT', 'path: write a folder on the datastore as "folder/subfolder".');
  }
  return segments.join('/');
}
