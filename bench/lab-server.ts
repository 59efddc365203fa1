import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface LabServer {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  /** Of the inventory and the server, without the loading of the code. */
  readonly startMs: number;
  /** Bytes, after a collection of garbage. */
  memory(): Promise<{ readonly rss: number; readonly heapUsed: number }>;
  stop(): Promise<void>;
}

/** Starts bench/lab-server.mjs. @param program the lab as JavaScript */
export async function startLabServer(program: string, vms: number): Promise<LabServer> {
  const child = spawn(process.execPath, ['--expose-gc', 'bench/lab-server.mjs', program, String(vms)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const said = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error('the lab ended before it answered');
    return JSON.parse(value);
  };
  return {
    ...(await said()),
    memory() {
      child.stdin.write('memory\n');
      return said();
    },
    async stop() {
      child.stdin.end();
      await ended;
    },
  };
}
