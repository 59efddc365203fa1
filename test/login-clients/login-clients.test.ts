/** Clients that people have, logging in by themselves: all that is typed in is the gateway's address. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../support/gateway-process.ts';
import { post } from '../support/mcp.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';
import { type Desk, setUpDesk } from './desk.ts';
import { PEERS, type Peer } from './peers.ts';
import { CLAUDE, installed } from './program.ts';
import { type Stage, startStage } from './stage.ts';

const HOUR_MS = 3_600_000;
const vcsimHere = await vcsimAvailable();

describe.each(PEERS)('$name', ({ here, endedBy, logIn }) => {
  describe.skipIf(!here || !vcsimHere)('as two people', { timeout: 120_000 }, () => {
    let vcsim: Vcsim;
    let stage: Stage;
    let desk: Desk;
    let reader: Peer;
    let operator: Peer;

    const eventsOf = (person: string) =>
      stage
        .records()
        .filter(({ user }) => user === person)
        .map(({ event, tool, result }) => [event, tool, result].filter(Boolean).join(' '));
    const as = async (person: string) => {
      desk.seat(person);
      const peer = await logIn({ mcp: stage.mcp, desk, home: join(stage.folder, 'homes', person) });
      desk.seat(undefined);
      return peer;
    };

    beforeAll(async () => {
      vcsim = await startVcsim();
      stage = await startStage(vcsim);
      desk = await setUpDesk(join(stage.folder, 'desk'));
      reader = await as('reader');
      operator = await as('operator');
    }, 120_000);
    afterAll(async () => {
      await reader?.close();
      await operator?.close();
      await desk?.close();
      await stage?.close();
      await vcsim?.stop();
    });

    it('logs two people in, each in their own name', () => {
      expect(desk.shown()).toBe(2);
      for (const person of ['reader', 'operator']) expect(eventsOf(person)).toEqual(['LOGIN success']);
    });

    it('shows each of them the tools of their groups', async () => {
      const tools = await reader.tools();
      expect(tools).toContain('list_vms');
      expect(tools).not.toContain('power_off');
      expect(await operator.tools()).toEqual(expect.arrayContaining([...tools, 'power_off']));
    });

    it('calls a tool as the person who logged in', async () => {
      expect(await reader.call('whoami')).toContain('vsphere-readers');
      expect(await operator.call('whoami')).toContain('vsphere-operators');
      expect(eventsOf('reader').at(-1)).toBe('TOOL_OUTCOME whoami success');
      expect(eventsOf('operator').at(-1)).toBe('TOOL_OUTCOME whoami success');
    });

    it('goes on without its person when the access token has expired', async () => {
      stage.advance(HOUR_MS + 60_000);
      expect(await reader.call('list_vms')).toContain('DC0_H0_VM0');
      expect(desk.shown(), 'nobody was asked again').toBe(2);
      expect(eventsOf('reader')).toContain('TOKEN_REFRESH success');
      expect(eventsOf('reader').filter((event) => event.startsWith('LOGIN'))).toHaveLength(1);
    });

    const endings = {
      async 'the program'() {
        await reader.giveBack!();
        return 'client';
      },
      async 'the operator'() {
        const ended = await runCommand(['sessions', 'revoke', 'reader'], stage.env);
        expect(ended).toMatchObject({ code: 0, stdout: '1 session ended\n' });
        return 'operator';
      },
      async 'the provider'() {
        await stage.provider.endSessions('reader');
        return 'logout_at_provider';
      },
    };

    it(`is refused at once when ${endedBy} ends the session, and nobody else is`, async () => {
      const reason = await endings[endedBy]();
      expect(stage.records().at(-1)).toMatchObject({ event: 'REVOKED', user: 'reader', result: 'success', reason });
      const before = desk.shown();
      const over = new AbortController();
      // Some clients give up, others wait for somebody to log in again.
      const became = await Promise.race([
        reader.call('list_vms').then(
          () => 'let in',
          () => 'refused',
        ),
        until(() => desk.shown() > before, over.signal).then(() => 'refused'),
      ]).finally(() => over.abort());
      expect(became).toBe('refused');
      const after = eventsOf('reader');
      expect(after.slice(after.lastIndexOf('REVOKED success')).filter((event) => / success$/.test(event))).toEqual([
        'REVOKED success',
      ]);
      expect(await operator.call('list_vms')).toContain('DC0_H0_VM0');
    });
  });
});

describe.skipIf(!installed(CLAUDE))('Claude Code, at a gateway that has its document on a list', () => {
  const ID = 'https://claude.ai/oauth/claude-code-client-metadata';

  it('logs in under the id of its document, registers nothing, and is out once it logs out', {
    timeout: 60_000,
  }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mcvsphere-listed-'));
    const [listed, home] = [join(folder, 'clients.json'), join(folder, 'home')];
    const redirect_uris = ['http://localhost/callback', 'http://127.0.0.1/callback'];
    await writeFile(listed, JSON.stringify([{ client_id: ID, client_name: 'Claude Code', redirect_uris }]));
    const vcenter = { url: 'https://127.0.0.1:9/sdk', user: 'user', password: 'pass' };
    const stage = await startStage(vcenter, { OAUTH_CLIENT_METADATA_DOCUMENTS: listed });
    const desk = await setUpDesk(join(folder, 'desk'));
    try {
      desk.seat('reader');
      const claude = PEERS.find(({ name }) => name === 'Claude Code')!;
      const peer = await claude.logIn({ mcp: stage.mcp, desk, home });
      expect(await peer.tools()).toContain('list_vms');
      expect(stage.records().find(({ event }) => event === 'LOGIN')).toMatchObject({ user: 'reader', client_id: ID });

      const held = await readFile(join(home, '.claude/.credentials.json'), 'utf8');
      const token = /"accessToken":"([^"]+)"/.exec(held)?.[1];
      const list = () => post(stage.mcp, { jsonrpc: '2.0', id: 1, method: 'tools/list' }, { token });
      expect((await list()).status).toBe(200);
      await peer.giveBack!();
      await peer.close();
      expect(stage.records().at(-1)).toMatchObject({ event: 'REVOKED', user: 'reader', reason: 'client' });
      expect((await list()).status).toBe(401);
    } finally {
      await desk.close();
      await stage.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
});

async function until(done: () => boolean, over: AbortSignal): Promise<void> {
  while (!done() && !over.aborted) await new Promise((resolve) => setTimeout(resolve, 50));
}
