/** The API version that the client and a server agree on: /sdk/vimServiceVersions.xml lists the server's. */
import { GatewayError } from '../lib/errors.ts';
import type { Transport } from './transport.ts';
import { createXmlReader } from './xml-reader.ts';

/** Newest version that the type tables were made from. */
const NEWEST = '9.1.0.0';
/** What every server still in use speaks. */
const OLDEST = '6.5';
const MAX_BYTES = 1024 * 1024;

/** The newest version that both know; `6.5` where the server does not say. Errors: `TransportError`. */
export async function negotiateVersion(transport: Transport, path: string, signal?: AbortSignal): Promise<string> {
  const offered = await transport.send({ method: 'GET', path, signal }, async ({ statusCode, body }) => {
    if (statusCode !== 200) {
      await body.dump();
      return [];
    }
    const versions: string[] = [];
    const reader = versionReader(versions);
    try {
      for await (const chunk of body) reader.write(chunk as Uint8Array);
      reader.close();
    } catch (error) {
      // A page that is no such list says nothing about the API.
      if (!(error instanceof GatewayError)) throw error;
      return [];
    }
    return versions;
  });
  return newestCommon(offered);
}

export function newestCommon(offered: readonly string[]): string {
  const wellFormed = offered.filter((version) => /^\d{1,4}(\.\d{1,4}){1,4}$/.test(version));
  const common = wellFormed.filter((version) => compareVersions(version, NEWEST) <= 0).sort(compareVersions);
  return common.at(-1) ?? OLDEST;
}

/** `7.0.3.0` against `8.0`: by number, part by part, what is missing being 0. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a.split('.').map(Number), b.split('.').map(Number)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function versionReader(versions: string[]) {
  const path: string[] = [];
  let text = '';
  let namespace = '';
  return createXmlReader(
    {
      start(name) {
        path.push(name);
        text = '';
      },
      text(more) {
        text += more;
      },
      end() {
        const name = path.pop();
        if (name === 'name') namespace = text.trim();
        if (name === 'version' && namespace === 'urn:vim25') versions.push(text.trim());
        text = '';
      },
    },
    { maxBytes: MAX_BYTES },
  );
}
