import { once } from 'node:events';
import { link, mkdtemp, rm, stat } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/lib/logger.ts';
import { openSessionControl, runningSessions } from '../../src/oauth/session-control.ts';
import { createSessions, type SessionSummary, type Sessions } from '../../src/oauth/sessions.ts';
import { alice, loginParts } from '../support/login-parts.ts';

const logger = createLogger('silent');
let folder: string;
let sockets = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcvsphere-door-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function newPath(): string {
  sockets += 1;
  return join(folder, `${sockets}.sock`);
}

async function collect(sessions: Sessions): Promise<SessionSummary[]> {
  const all: SessionSummary[] = [];
  for await (const session of sessions.list()) all.push(session);
  return all;
}

/** What one line sent to the socket is answered with, until it is closed. */
async function say(path: string, text: string): Promise<string> {
  const socket = createConnection(path);
  await once(socket, 'connect');
  socket.on('error', () => {});
  socket.write(text);
  let answer = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    answer += chunk;
  });
  await new Promise((resolve) => socket.once('close', resolve));
  return answer;
}

describe("the operator's door to the sessions", () => {
  it('shows them without a secret, and ends those of one user or of all', async () => {
    const parts = await loginParts();
    const path = newPath();
    const control = await openSessionControl({ path, sessions: createSessions(parts.grants), logger });
    const door = runningSessions(path);
    expect(await collect(door)).toEqual([]);
    const mine = await parts.session();
    await parts.session(alice({ user: 'bob', sub: 'b-2', sid: 's-2' }));
    await parts.session(alice({ user: 'carol', sub: 'c-3', sid: 's-3' }));

    const listed = await collect(door);
    expect(listed.map(({ user }) => user).sort()).toEqual(['alice', 'bob', 'carol']);
    expect(Object.keys(listed[0]!).sort()).toEqual(
      ['client', 'createdAt', 'endsAt', 'groups', 'id', 'iss', 'sub', 'user'].sort(),
    );
    expect(await door.revoke('alice')).toBe(1);
    await expect(parts.verifier.verify(mine.set.access_token)).rejects.toMatchObject({ reason: 'session_ended' });
    expect(parts.entries.at(-1)).toMatchObject({
      event: 'REVOKED',
      user: 'alice',
      reason: 'operator',
      request_id: expect.any(String),
    });
    expect(await door.revoke('nobody')).toBe(0);
    expect(await door.revoke('b-2')).toBe(1);
    expect(await door.revoke()).toBe(1);
    expect(await collect(door)).toEqual([]);
    await control.close();
    await expect(collect(door)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('opens for its own user only', async () => {
    const path = newPath();
    const sessions = createSessions((await loginParts()).grants);
    const before = process.umask(0);
    const control = await openSessionControl({ path, sessions, logger });
    expect(process.umask(before)).toBe(0);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await control.close();
  });

  it('is held by one gateway at a time, and left behind by one that died it is taken over', async () => {
    const path = newPath();
    const sessions = createSessions((await loginParts()).grants);
    const first = await openSessionControl({ path, sessions, logger });
    await expect(openSessionControl({ path, sessions, logger })).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringContaining('OAUTH_STORE_URL'),
    });
    expect(await collect(runningSessions(path))).toEqual([]);
    await first.close();

    // A process that is killed leaves its socket; one that is moved away while its server closes does the same.
    const dead = createServer().listen(`${path}.dead`);
    await once(dead, 'listening');
    await link(`${path}.dead`, path);
    dead.close();
    await once(dead, 'close');
    const second = await openSessionControl({ path, sessions, logger });
    expect(await collect(runningSessions(path))).toEqual([]);
    await second.close();
  });

  it('survives whatever is sent to it', async () => {
    const path = newPath();
    const parts = await loginParts();
    await parts.session();
    const control = await openSessionControl({ path, sessions: createSessions(parts.grants), logger });
    const errors = ['\n', 'junk\n', 'null\n', '[]\n', '{"ask":"what"}\n', '{"ask":"revoke","user":{}}\n'];
    for (const text of errors) expect(JSON.parse(await say(path, text))).toHaveProperty('error');
    expect(await say(path, 'x'.repeat(10_000))).toBe('');
    expect(await collect(runningSessions(path))).toHaveLength(1);
    await control.close();
  });

  it('tells what failed where the record fails, and the sessions are over all the same', async () => {
    const path = newPath();
    const parts = await loginParts();
    await parts.session();
    const control = await openSessionControl({ path, sessions: createSessions(parts.grants), logger });
    parts.recorder.failing = true;
    await expect(runningSessions(path).revoke()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await collect(runningSessions(path))).toEqual([]);
    await control.close();
  });

  it('refuses a path that no socket can have', async () => {
    const path = join(folder, 'x'.repeat(120));
    const { grants } = await loginParts();
    await expect(openSessionControl({ path, sessions: createSessions(grants), logger })).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringContaining('OAUTH_STATE_DIR'),
    });
  });
});
