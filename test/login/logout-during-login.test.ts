/** A logout at the provider that arrives while the same person's login is being finished. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  allow,
  type Client,
  enterPassword,
  type LoginLab,
  logIn,
  loginRecords,
  newClient,
  postForm,
  requestIdOf,
  startLoginLab,
  toolsOf,
  UPSTREAM_CLIENT,
  walk,
} from '../support/login.ts';

let lab: LoginLab;
let client: Client;
beforeAll(async () => {
  // Userinfo is asked after the code was exchanged, so that is where a login can be held up.
  lab = await startLoginLab({ env: { OAUTH_CLAIMS_SOURCES: 'userinfo,id_token' } });
  client = await newClient(lab);
});
afterEach(() => lab.provider.endpoints.mend());
afterAll(() => lab?.stop());

const subOf = (name: string) => lab.provider.people.get(name).sub;
async function logOut(about: { sub?: string; sid?: string }): Promise<void> {
  const logout_token = await lab.provider.logoutToken({ clientId: UPSTREAM_CLIENT, ...about });
  expect((await postForm(lab, '/auth/backchannel-logout', { logout_token })).status).toBe(200);
}

/** Begins a login and holds it up between the exchange of the provider's code and the answer to the browser. */
async function heldUp(name: string) {
  let goOn = () => {};
  const after = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const before = lab.provider.endpoints.requests('userinfo');
  lab.provider.endpoints.break('userinfo', { after });
  const begun = client.begin();
  const browser = lab.browser();
  const page = walk(lab, browser, begun.url, name);
  await expect.poll(() => lab.provider.endpoints.requests('userinfo')).toBeGreaterThan(before);
  return {
    async finish() {
      goOn();
      return { page: await page, begun };
    },
  };
}

describe('a logout of the provider', () => {
  it('that comes after the exchange of the code and before the session lets nobody in, and says so', async () => {
    const login = await heldUp('reader');
    await logOut({ sub: subOf('reader') });
    const { page } = await login.finish();
    expect(page.status).toBe(403);
    expect(page.text).toContain('You were logged out meanwhile');
    expect(loginRecords(lab).filter(({ request_id }) => request_id === requestIdOf(page))).toEqual([
      expect.objectContaining({
        event: 'LOGIN',
        user: 'reader',
        sub: subOf('reader'),
        error_code: 'access_denied',
        reason: 'logged_out',
      }),
    ]);
  });

  it('of somebody else disturbs no login', async () => {
    const login = await heldUp('reader');
    await logOut({ sub: subOf('operator') });
    const { page, begun } = await login.finish();
    expect((await client.redeem(page.next!, begun)).status).toBe(200);
  });

  it('that comes before the code is redeemed makes it worth nothing', async () => {
    const begun = client.begin();
    const { next } = await walk(lab, lab.browser(), begun.url, 'reader');
    await logOut({ sub: subOf('reader') });
    const answer = await client.redeem(next!, begun);
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  });

  it('leaves the next login alone, also one whose question was open all the time', async () => {
    const { tokens } = await logIn(lab, 'reader', { client });
    const begun = client.begin();
    const browser = lab.browser();
    const question = await browser.open(begun.url);
    await logOut({ sub: subOf('reader') });
    expect(await toolsOf(lab, tokens.access_token)).toBe(401);
    const { next } = await enterPassword(lab, browser, await allow(lab, browser, question), 'reader');
    const answer = await client.redeem(next!, begun);
    expect(await toolsOf(lab, String(answer.body.access_token))).toContain('list_vms');
  });
});
