import { readFileSync } from 'node:fs';

/** The version in package.json, which stands two folders up from the sources and from the build alike. */
export const VERSION: string = readVersion();

function readVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}
