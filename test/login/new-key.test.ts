/** The signing key is replaced by the very commands of docs/login.md, and by nothing else. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LoginLab, logIn, startLoginLab, toolsOf } from '../support/login.ts';

const HALF_A_DAY_MS = 12 * 3_600_000;

const [section] = /(?<=\n## Replacing the signing key\n)[\s\S]*?(?=\n## )/.exec(readFileSync('docs/login.md', 'utf8'))!;
const [putInFront, takeOut] = [...section.matchAll(/```\n([\s\S]*?)```/g)].map(([, commands]) => commands!);

let folder: string;
let lab: LoginLab;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcvsphere-secrets-'));
});
afterEach(async () => {
  await lab?.stop();
  rmSync(folder, { recursive: true });
});

/** Types the commands in, for a key that is kept there. */
function type(commands: string, file: string): void {
  const here = commands.replaceAll('/run/secrets', dirname(file)).replaceAll('signing-key', file.split('/').at(-1)!);
  execFileSync('sh', ['-euc', here], { cwd: dirname(file) });
}

async function kids(): Promise<string[]> {
  const { keys } = (await (await fetch(`${lab.origin}/jwks`)).json()) as { keys: { kid: string }[] };
  return keys.map(({ kid }) => kid);
}

describe('the signing key', () => {
  it.each(['given in a file', 'that the gateway made for itself'])('(%s) is replaced without a word', async (kind) => {
    let file = join(folder, 'signing-key');
    if (kind === 'given in a file') {
      writeFileSync(file, execFileSync('openssl', ['rand', '-hex', '32']), { mode: 0o600 });
      lab = await startLoginLab({ env: { OAUTH_SIGNING_KEY_FILE: file } });
    } else {
      lab = await startLoginLab();
      file = join(dirname(lab.auditFile), 'oauth.key');
    }
    const [oldKid] = await kids();
    const before = await logIn(lab, 'reader');

    type(putInFront!, file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await lab.restart();
    expect(await kids()).toEqual([expect.not.stringMatching(oldKid!), oldKid]);
    expect(await toolsOf(lab, before.tokens.access_token)).toContain('list_vms');
    expect((await before.client.refresh(before.tokens.refresh_token)).status).toBe(200);

    lab.clock.advance(HALF_A_DAY_MS);
    const [newKid] = await kids();
    const after = await logIn(lab, 'operator');
    type(takeOut!, file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await lab.restart();
    expect(await kids()).toEqual([newKid]);
    expect(await toolsOf(lab, after.tokens.access_token)).toContain('power_off');
    expect((await after.client.refresh(after.tokens.refresh_token)).status).toBe(200);
    // What is registered with the old key is unknown, as the page says.
    expect((await lab.browser().open(before.client.begin().url)).text).toContain('not registered');
    expect((await lab.browser().open(after.client.begin().url)).status).toBe(200);
  });

  it('leaves nothing in use once it is gone: everybody and every program begins anew', async () => {
    lab = await startLoginLab();
    const { client, tokens } = await logIn(lab, 'reader');
    await lab.restart({
      OAUTH_SIGNING_KEY: execFileSync('openssl', ['rand', '-hex', '32'], { encoding: 'utf8' }).trim(),
    });
    expect(await toolsOf(lab, tokens.access_token)).toBe(401);
    expect((await client.refresh(tokens.refresh_token)).status).toBe(400);
    expect((await lab.browser().open(client.begin().url)).text).toContain('not registered');
    expect(readdirSync(dirname(lab.auditFile))).toContainEqual(
      expect.stringMatching(/^sessions\.snapshot\.set-aside-/),
    );
    expect((await logIn(lab, 'reader')).tokens.access_token).toEqual(expect.any(String));
  });
});
