import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface BareServer {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts bench/bare-server.mjs, which lists `tools` and answers every call with `result`. */
export async function startBareServer(
  folder: string,
  content: { readonly tools: unknown; readonly result: unknown },
): Promise<BareServer> {
  const file = join(folder, 'bare.json');
  await writeFile(file, JSON.stringify(content));
  const child = spawn(process.execPath, ['bench/bare-server.mjs', file], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [port] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  return {
    url: `http://127.0.0.1:${port.trim()}/mcp`,
    pid: child.pid!,
    async stop() {
      child.stdin.end();
      await once(child, 'exit');
    },
  };
}
