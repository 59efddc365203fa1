/** A person logs in with a real browser, and their program calls a tool. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BASE_URL, type Client, type TokenSet, toolsOf } from '../support/login.ts';
import { callTool } from '../support/mcp.ts';
import { startVcsim, type Vcsim, vcsimAvailable } from '../support/vcsim.ts';
import { chromiumAvailable } from './chromium.ts';
import { expectGoodLooks } from './looks.ts';
import { type Person, type Stage, startStage, stay } from './stage.ts';

describe.skipIf(!chromiumAvailable || !(await vcsimAvailable()))('a person with a browser', () => {
  let vcsim: Vcsim;
  let stage: Stage;
  let client: Client;
  beforeAll(async () => {
    vcsim = await startVcsim({});
    stage = await startStage({ vcenter: vcsim });
    client = stage.program.client;
  });
  afterAll(async () => {
    await stage?.stop();
    await vcsim?.stop();
  });

  async function tokensOf(person: Person, begun: ReturnType<Client['begin']>): Promise<TokenSet> {
    await person.page.getByRole('heading', { name: 'Back in the program' }).waitFor();
    const { status, body } = await client.redeem(person.page.url(), begun);
    expect(status).toBe(200);
    return body as unknown as TokenSet;
  }

  it.each([
    ['as browsers are', true],
    ['without scripts', false],
  ])('allows, logs in and comes back, %s, and the program works with their rights', async (_, javaScriptEnabled) => {
    const person = await stage.person({ javaScriptEnabled });
    const begun = client.begin();
    await person.open(begun);
    await person.allow();
    await person.logIn('reader');
    const { access_token } = await tokensOf(person, begun);

    const answer = await callTool(stage.lab.mcp, 'list_vms', {}, { token: access_token });
    expect(answer.isError).toBe(false);
    expect(answer.text).toContain('DC0_H0_VM0');
    expect(await toolsOf(stage.lab, access_token)).not.toContain('delete_vm');
    expect(person.complaints).toEqual([]);
    await person.context.close();
  });

  it('is kept apart by cookies that no script and no other site sees', async () => {
    const person = await stage.person();
    await person.open(client.begin());
    await person.allow();
    const cookies = await person.context.cookies(BASE_URL);
    expect(cookies.map(({ name }) => name).sort()).toEqual([
      '__Host-mcvsphere-browser',
      expect.stringMatching(/^__Host-mcvsphere-login-/),
    ]);
    for (const cookie of cookies) expect(cookie).toMatchObject({ httpOnly: true, secure: true, sameSite: 'Lax' });
    await person.context.close();
  });

  it('is asked again by the second login, which the provider lets through without a word', async () => {
    const person = await stage.person();
    const first = client.begin();
    await person.open(first);
    await person.allow();
    await person.logIn('operator');
    await tokensOf(person, first);

    const second = client.begin();
    await person.open(second);
    await person.page.getByRole('button', { name: /^Allow/ }).click();
    expect((await tokensOf(person, second)).access_token).toBeTypeOf('string');
    await person.context.close();
  });

  it('logs in with the keyboard alone', async () => {
    const person = await stage.person();
    const { page } = person;
    const begun = client.begin();
    await person.open(begun);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByLabel('User name').waitFor();
    for (const key of ['Tab', 'r', 'e', 'a', 'd', 'e', 'r', 'Tab', 'l', 'a', 'b', 'Enter'])
      await page.keyboard.press(key);
    await tokensOf(person, begun);
    await person.context.close();
  });

  it('does not allow it, and the program is told', async () => {
    const person = await stage.person();
    await person.open(client.begin());
    const { answers } = stage.program;
    const before = answers.length;
    await person.page.getByRole('button', { name: 'Do not allow' }).click();
    await person.page.getByRole('heading', { name: 'Back in the program' }).waitFor();
    expect(answers.length).toBe(before + 1);
    expect(answers.at(-1)?.searchParams.get('error')).toBe('access_denied');
    expect(answers.at(-1)?.searchParams.get('iss')).toBe(BASE_URL);
    await person.context.close();
  });

  it('sees good pages all the way', async () => {
    const person = await stage.person();
    const { page } = person;
    await person.open(client.begin());
    await expectGoodLooks(page, 'consent');

    await stay(page, stage.lab.provider.issuer);
    await page.getByRole('button', { name: /^Allow/ }).click();
    await page.getByRole('heading', { name: 'Now log in' }).waitFor();
    await expectGoodLooks(page, 'going-on');
    await page.unroute(`${stage.lab.provider.issuer}/**`);
    await page.getByRole('link', { name: 'Go on to the login' }).click();

    await page.getByLabel('User name').waitFor();
    await expectGoodLooks(page, 'provider-login');
    await page.getByLabel('Password').fill('wrong');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('alert').waitFor();
    await expectGoodLooks(page, 'provider-login-wrong');

    await person.open(client.begin());
    await stay(page, new URL(client.redirectUri).origin);
    await page.getByRole('button', { name: 'Do not allow' }).click();
    await page.getByRole('heading', { name: 'You did not allow it' }).waitFor();
    await expectGoodLooks(page, 'refused');
    expect(person.complaints).toEqual([]);
    await person.context.close();
  });
});
