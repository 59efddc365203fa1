/** The command line: one file a command. */
import { Command } from 'commander';
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
    .showHelpAfterError();
  program.addCommand(serveCommand(), { isDefault: true });
  program.addCommand(doctorCommand());
  program.addCommand(toolsCommand());
  program.addCommand(auditCommand());
  program.addCommand(sessionsCommand());
  program.addCommand(docsCommand());
  await program.parseAsync(argv);
}
