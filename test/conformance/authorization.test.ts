/** The public conformance suite's scenarios for authorization servers, with a person at the browser. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { walk } from '../login-clients/desk.ts';
import { freePort, type Stage, startStage } from '../login-clients/stage.ts';
import { runAuthorizationSuite, suiteInstalled } from './suite.ts';

describe.skipIf(!suiteInstalled())("the public conformance suite's authorization scenarios", () => {
  let stage: Stage;
  let folder: string;
  let clientId: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mcvsphere-conformance-'));
    const pinned = join(folder, 'clients.json');
    await writeFile(
      pinned,
      JSON.stringify([
        {
          client_id: 'https://client.example.com/client.json',
          client_name: 'A client with a document',
          redirect_uris: ['http://127.0.0.1/callback'],
        },
      ]),
    );
    // Nobody gets as far as vCenter.
    const vcenter = { url: 'https://127.0.0.1:9/sdk', user: 'user', password: 'pass' };
    stage = await startStage(vcenter, { OAUTH_CLIENT_METADATA_DOCUMENTS: pinned });
    const registered = await fetch(`${stage.baseUrl}/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ client_name: 'The suite', redirect_uris: ['http://127.0.0.1/callback'] }),
    });
    clientId = ((await registered.json()) as { client_id: string }).client_id;
  });
  afterAll(async () => {
    await stage?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it.each([
    ['a registered client', () => clientId],
    ['a client that is known by its document', () => 'https://client.example.com/client.json'],
  ])('find nothing for %s', { timeout: 60_000 }, async (_, idOf) => {
    const walks: Promise<unknown>[] = [];
    const { exitCode, output } = await runAuthorizationSuite({
      url: stage.baseUrl,
      clientId: idOf(),
      resource: stage.mcp,
      port: await freePort(),
      outputFolder: folder,
      browse(url) {
        walks.push(walk(url, 'reader'));
      },
    });
    await Promise.all(walks);
    expect(exitCode, output).toBe(0);
    expect(output).toMatch(/authorization-server-metadata-endpoint: 2 passed, 0 failed/);
    expect(output).toMatch(/authorization-code-grant: 1 passed, 0 failed/);
    expect(output, 'not even a warning').not.toMatch(/warning/i);
  });
});
