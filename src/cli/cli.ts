/** The command line: one file a command. */
import { Command } from 'commander';
import { GatewayError } from '../lib/errors.ts';
import { VERSION } from '../lib/version.ts';
import { auditCommand } from './audit.ts';
import { docsCommand } from './docs.ts';
import { doctorCommand } from './doctor.ts';
import { serveCommand } from './serve.ts';
import { sessionsCommand } from './sessions.ts';
import { toolsCommand } from './tools.ts';

export async function runCli(argv: readonly string[]): Promise<void> {
  const program = new Command('mcvsphere')
    .description('A multi-user MCP gateway to VMware vSphere. Configured by the environment: see `mcvsphere docs env`.')
    .version(VERSION)
    .showHelpAfterError()
    .allowExcessArguments(false);
  program.addCommand(serveCommand());
  program.addCommand(doctorCommand());
  program.addCommand(toolsCommand());
  program.addCommand(auditCommand());
  program.addCommand(sessionsCommand());
  program.addCommand(docsCommand());
  try {
    await program.parseAsync(argv);
  } catch (error) {
    // What an operator can mend is told in a sentence; only a defect of ours deserves its stack.
    const told = error instanceof GatewayError ? error.message : error instanceof Error ? error.stack : String(error);
    process.stderr.write(`mcvsphere: ${told}\n`);
    process.exitCode = 1;
  }
}
