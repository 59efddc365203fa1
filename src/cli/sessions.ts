/** `mcvsphere sessions`: who is logged in, and out with them. */
import { randomUUID } from 'node:crypto';
import { Command } from 'commander';
import { GatewayError } from '../lib/errors.ts';
import { createLogger } from '../lib/logger.ts';
import { plainText } from '../lib/plain-text.ts';
import { type OpenSessions, openSessions } from '../operator-sessions.ts';
import { configOrExit } from './configuration.ts';

const LONGEST_NAME = 80;

export function sessionsCommand(): Command {
  const list = new Command('list')
    .description('One line a session: user, client, groups, since when and until when.')
    .option('--json', 'one JSON object a line, with everything')
    .action(async ({ json = false }: { json?: boolean }) =>
      run(async (sessions) => {
        for await (const session of sessions.list()) {
          process.stdout.write(`${json ? JSON.stringify(session) : row(session)}\n`);
        }
      }),
    );
  const revoke = new Command('revoke')
    .description('End every session of a user, as `list` names them, or of a `sub`; they are out on the next request.')
    .argument('<user>', 'the user')
    .action(async (user: string) => run((sessions) => end(sessions, user)));
  const revokeAll = new Command('revoke-all')
    .description('End every session of everybody.')
    .action(async () => run((sessions) => end(sessions)));
  return new Command('sessions')
    .description(
      'The sessions of the login: of the gateway that runs here with the same OAUTH_STATE_DIR, or of OAUTH_STORE_URL.',
    )
    .addCommand(list)
    .addCommand(revoke)
    .addCommand(revokeAll);
}

async function run(work: (sessions: OpenSessions) => Promise<void>): Promise<void> {
  const { config } = configOrExit();
  try {
    const sessions = await openSessions(config, createLogger('warn'));
    await work(sessions).finally(() => sessions.close());
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}

async function end(sessions: OpenSessions, user?: string): Promise<void> {
  const ended = await sessions.revoke(user, randomUUID());
  process.stdout.write(`${ended} session${ended === 1 ? '' : 's'} ended\n`);
  if (ended === 0 && user !== undefined) process.exitCode = 1;
}

type Listed = OpenSessions extends { list(): AsyncIterable<infer One> } ? One : never;

function row({ user, client, groups, createdAt, endsAt }: Listed): string {
  const time = (at: number) => new Date(at).toISOString().slice(0, 19);
  const names = [user, client, groups.join(',') || '(no group)'].map((name) => plainText(name, LONGEST_NAME));
  return [...names, `since ${time(createdAt)}Z`, `until ${time(endsAt)}Z`].join('\t');
}
