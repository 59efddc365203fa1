/**
 * The operator's door to the sessions of a running gateway: a Unix socket in the state folder that only the gateway's
 * own user can open (mode 0600), so that who may read the keys may also end sessions, and nobody else. One JSON line
 * is asked, JSON lines are answered.
 *
 * Whoever opens it has the lock of the folder (state-folder.ts): a socket that is there already was left by a process
 * that died. It is asked all the same, since taking away a living one would leave its gateway without a door.
 */
import { randomUUID } from 'node:crypto';
import { chmod, mkdir, unlink } from 'node:fs/promises';
import { createConnection, createServer, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { GatewayError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import type { SessionSummary, Sessions } from './sessions.ts';

const LONGEST_QUESTION = 4 * 1024;
const PATIENCE_MS = 30_000;
/** sun_path of unix(7), less its end. */
const LONGEST_PATH = 107;
const OWNER_ONLY = 0o177;

type Question = { readonly ask: 'list' } | { readonly ask: 'revoke'; readonly user?: string };
type Answer =
  | { readonly session: SessionSummary }
  | { readonly done: true; readonly ended?: number }
  | { readonly error: string };

export interface SessionControl {
  close(): Promise<void>;
}

interface SessionControlOptions {
  readonly path: string;
  readonly sessions: Sessions;
  readonly logger: Logger;
}

/** The socket of the gateway whose sessions are kept in this folder. */
export function sessionSocket(stateDir: string): string {
  return join(stateDir, 'sessions.sock');
}

/** @throws GatewayError `CONFIGURATION` where the path is too long for a socket */
export function checkSocketPath(path: string): void {
  if (Buffer.byteLength(path) <= LONGEST_PATH) return;
  throw new GatewayError('CONFIGURATION', `${path} is too long for a socket: choose a shorter OAUTH_STATE_DIR.`);
}

/** @throws GatewayError `CONFIGURATION` where another gateway answers there, or the path is too long */
export async function openSessionControl({ path, sessions, logger }: SessionControlOptions): Promise<SessionControl> {
  checkSocketPath(path);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  if (await answers(path)) {
    throw new GatewayError(
      'CONFIGURATION',
      'Another gateway keeps its sessions in this OAUTH_STATE_DIR. Several replicas need OAUTH_STORE_URL.',
    );
  }
  await unlink(path).catch(() => {});

  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.setTimeout(PATIENCE_MS, () => socket.destroy());
    serve(socket, sessions, logger).catch((err: unknown) => {
      logger.error({ err }, 'a question about the sessions failed');
      socket.end(line({ error: err instanceof GatewayError ? err.message : 'It failed: see the log.' }));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    const before = process.umask(OWNER_ONLY);
    server.listen(path, resolve);
    process.umask(before);
  });
  await chmod(path, 0o600);
  return {
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

async function serve(socket: Socket, sessions: Sessions, logger: Logger): Promise<void> {
  const text = await firstLine(socket);
  if (text === undefined) return void socket.destroy();
  const question = JSON.parse(text) as Question;
  if (question.ask === 'list') {
    for await (const session of sessions.list()) socket.write(line({ session }));
    socket.end(line({ done: true }));
    return;
  }
  if (question.ask !== 'revoke') throw new GatewayError('INVALID_INPUT', 'Nothing of that kind can be asked here.');
  const { user } = question;
  if (user !== undefined && typeof user !== 'string') throw new GatewayError('INVALID_INPUT', 'A user is a text.');
  const ended = await sessions.revoke(user, randomUUID());
  logger.info({ ended }, 'the operator ended sessions');
  socket.end(line({ done: true, ended }));
}

async function firstLine(socket: Socket): Promise<string | undefined> {
  let text = '';
  socket.setEncoding('utf8');
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += chunk as string;
    const end = text.indexOf('\n');
    if (end >= 0) return text.slice(0, end);
    if (text.length > LONGEST_QUESTION) return undefined;
  }
  return undefined;
}

function line(answer: Answer): string {
  return `${JSON.stringify(answer)}\n`;
}

async function answers(path: string): Promise<boolean> {
  const socket = await connect(path).catch(() => undefined);
  socket?.destroy();
  return socket !== undefined;
}

function connect(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path, () => resolve(socket));
    socket.once('error', reject);
  });
}

/**
 * The sessions of the gateway that runs with this state folder.
 *
 * @throws GatewayError `UNAVAILABLE` where none runs
 */
export function runningSessions(path: string): Sessions {
  async function* ask(question: Question): AsyncGenerator<Exclude<Answer, { error: string }>> {
    const socket = await connect(path).catch((cause: unknown) => {
      throw new GatewayError('UNAVAILABLE', `No gateway answers at ${path}: does it run, and as this user?`, { cause });
    });
    socket.setTimeout(PATIENCE_MS, () => socket.destroy());
    socket.write(`${JSON.stringify(question)}\n`);
    for await (const text of createInterface({ input: socket })) {
      const answer = JSON.parse(text) as Answer;
      if ('error' in answer) throw new GatewayError('UNAVAILABLE', answer.error);
      yield answer;
      if ('done' in answer) return;
    }
    throw new GatewayError('UNAVAILABLE', 'The gateway went away before it had answered.');
  }

  return {
    async *list() {
      for await (const answer of ask({ ask: 'list' })) if ('session' in answer) yield answer.session;
    },
    async revoke(user) {
      for await (const answer of ask({ ask: 'revoke', ...(user === undefined ? {} : { user }) })) {
        if ('done' in answer) return answer.ended ?? 0;
      }
      return 0;
    },
  };
}
