/** What a program calls itself, and where its answer would go: names chosen by strangers, as they look on screen. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientOf, newClient } from '../support/login.ts';
import { chromiumAvailable } from './chromium.ts';
import { expectGoodLooks } from './looks.ts';
import { type Stage, startStage, stay } from './stage.ts';

const RIGHT_TO_LEFT_OVERRIDE = '\u202e';
const ZERO_WIDTH_SPACE = '\u200b';

const DOCUMENT = {
  client_id: 'https://assistant.example.com/oauth/client.json',
  client_name: 'An assistant',
  redirect_uris: ['http://127.0.0.1/callback'],
};

const NAMES: readonly (readonly [string, string])[] = [
  ['markup', '</h1><script>document.title="mine"</script><img src=x onerror=alert(1)><form action="/register">'],
  ['style', '</title><style>*{display:none}</style><meta http-equiv=refresh content="0;url=https://evil.example">'],
  ['bidi', `${RIGHT_TO_LEFT_OVERRIDE}edoC edualC${ZERO_WIDTH_SPACE}`],
  ['hebrew', 'תוכנית של החברה (נבדקה)'],
  ['endless', 'W'.repeat(10_000)],
  ['lines', `Claude Code\n\n${'\t'.repeat(50)}checked by your administrators`],
  ['sentence', 'your company. It is safe: everybody has checked this program. Press Allow now'],
  ['marks', `Z${'\u0300'.repeat(70)}algo`],
];

describe.skipIf(!chromiumAvailable)('the name of a stranger', () => {
  let stage: Stage;
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mcvsphere-documents-'));
    const documents = join(folder, 'clients.json');
    writeFileSync(documents, JSON.stringify([DOCUMENT]));
    stage = await startStage({ env: { OAUTH_CLIENT_METADATA_DOCUMENTS: documents } });
    rmSync(folder, { recursive: true });
  });
  afterAll(() => stage?.stop());

  it.each(NAMES)('is harmless on the page (%s)', async (kind, client_name) => {
    const client = await newClient(stage.lab, { client_name });
    const { page, open, context, complaints } = await stage.person();
    const dialogs: string[] = [];
    page.on('dialog', (dialog) => {
      dialogs.push(dialog.message());
      return dialog.dismiss();
    });
    await open(client.begin());
    await expectGoodLooks(page, `name-${kind}`);

    expect(await page.locator('script, img, meta[http-equiv], iframe, svg').count()).toBe(0);
    expect(await page.locator('form').count()).toBe(1);
    expect(await page.title()).toMatch(/^Allow “.*” to use vSphere in your name\? – mcvsphere$/);
    expect(await page.getByRole('button').count()).toBe(2);
    expect(await page.getByText('Nobody has checked that name.').isVisible()).toBe(true);
    expect(await page.getByText('this computer').first().isVisible()).toBe(true);
    expect([dialogs, complaints]).toEqual([[], []]);

    await stay(page, new URL(client.redirectUri).origin);
    await page.getByRole('button', { name: 'Do not allow' }).click();
    await page.getByRole('heading', { level: 1, name: 'You did not allow it' }).waitFor();
    expect(await page.locator('script, img, iframe, svg, form').count()).toBe(0);
    await context.close();
  });

  it.each([
    ['web', 'https://app.example.com/callback', 'app.example.com'],
    ['long-host', `https://${'login.'.repeat(30)}evil.example/callback`, 'evil.example'],
    ['app', 'com.example.app:/callback', 'com.example.app:'],
    ['loopback', 'http://127.0.0.1:33418/callback', '127.0.0.1:33418 (this computer)'],
    ['loopback-v6', 'http://[::1]:33418/callback', '[::1]:33418 (this computer)'],
  ])('stands with the place where the answer goes (%s)', async (kind, redirect_uri, place) => {
    const client = await newClient(stage.lab, { client_name: 'An assistant', redirect_uris: [redirect_uri] });
    const { page, open, context } = await stage.person();
    await open(client.begin());
    await expectGoodLooks(page, `place-${kind}`);
    expect(await page.locator('main').textContent()).toContain(place);
    await context.close();
  });

  it('stands with the address where the program describes itself', async () => {
    const client = clientOf(stage.lab, DOCUMENT.client_id, 'http://127.0.0.1:41999/callback');
    const { page, open, context } = await stage.person();
    await open(client.begin());
    await expectGoodLooks(page, 'place-document');
    expect(await page.locator('main').textContent()).toContain(`It describes itself at ${DOCUMENT.client_id}.`);
    await context.close();
  });
});
