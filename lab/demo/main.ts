/** The demo: managed servers, a provider and the gateway in one process, from the start to Ctrl-C. */
import { performance } from 'node:perf_hooks';
import { DemoProblem, startGateway } from './gateway.ts';
import { registerAtGateway, tokenFor } from './login.ts';
import { type DemoOptions, readOptions } from './options.ts';
import { report } from './report.ts';
import { startServers } from './servers.ts';

export interface DemoRun {
  readonly args: readonly string[];
  /** For everything that is written. */
  readonly folder: string;
  /** Ends the demo. */
  readonly signal: AbortSignal;
}

/** Resolves to the exit code when it has stopped. */
export async function run({ args, folder, signal }: DemoRun): Promise<number> {
  const options = readOptions(args);
  if (typeof options === 'number') return options;
  const stops: (() => Promise<void>)[] = [];
  try {
    process.stdout.write(`\n${await start(options, folder, stops)}\n`);
    if (!signal.aborted) await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    process.stdout.write('Stopping …\n');
    return 0;
  } catch (error) {
    if (!(error instanceof DemoProblem)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

async function start(options: DemoOptions, folder: string, stops: (() => Promise<void>)[]): Promise<string> {
  const servers = await startServers(options);
  for (const server of servers.all) stops.push(() => server.stop());
  const gateway = await startGateway({ port: options.port, folder, servers: servers.environment });
  stops.push(() => gateway.stop());
  const client = await registerAtGateway(gateway.origin);
  const people = await Promise.all(
    gateway.provider.people.all().map(async (person) => {
      // The gateway ends the login of a person without groups; a token of the provider shows what is left to them.
      const token = await tokenFor(person.name, person.groups.length > 0 ? client : gateway.scripts);
      return { ...person, token };
    }),
  );
  // Counted from the start of the process: that is what a person waits for.
  const seconds = performance.now() / 1000;
  return report({ gateway, servers: servers.all, people, folder, seconds });
}
