/** `mcvsphere serve`: the gateway itself. */
import { Command } from 'commander';
import { type AppOptions, type RunningApp, startApp } from '../app.ts';
import { createLogger } from '../lib/logger.ts';
import { configOrExit } from './configuration.ts';

export function serveCommand(): Command {
  return new Command('serve')
    .description('Serve MCP over HTTP, or over standard input and output with MCP_TRANSPORT=stdio.')
    .action(serve);
}

async function serve(): Promise<void> {
  const { config, warnings } = configOrExit();
  const logger = createLogger(config.logLevel);
  for (const warning of warnings) logger.warn(warning);
  // Before the start: who stops it the moment it says that it is up finds it listening to that, too.
  const stopped = stopSignal();
  const app = await startOrExit({ config, logger });
  await Promise.race([app.closed, stopped]);
  logger.info('shutting down: calls under way are finished first');
  await app.close();
  process.exit(process.exitCode ?? 0);
}

/** A gateway that cannot start ends, so that whatever supervises it notices. */
async function startOrExit(options: AppOptions): Promise<RunningApp> {
  try {
    return await startApp(options);
  } catch (err) {
    options.logger.fatal({ err }, `mcvsphere cannot start: ${err instanceof Error ? err.message : String(err)}`);
    process.exit(1);
  }
}

/** The first signal asks; a second one no longer waits. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    const stop = () => {
      if (asked) process.exit(1);
      asked = true;
      resolve();
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
  });
}
