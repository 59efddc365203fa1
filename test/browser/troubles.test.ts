/** Each page that a person can come to when a login goes wrong, in a real browser, and how it looks. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Client, newClient } from '../support/login.ts';
import { redisAvailable, startRedis } from '../support/redis.ts';
import { chromiumAvailable } from './chromium.ts';
import { expectGoodLooks } from './looks.ts';
import { expectProblem, type Person, type Stage, startStage } from './stage.ts';

const ELEVEN_MINUTES = 11 * 60_000;

describe.skipIf(!chromiumAvailable)('a person whose login goes wrong', () => {
  let stage: Stage;
  let client: Client;
  let person: Person;
  beforeAll(async () => {
    stage = await startStage({ env: { OAUTH_CLIENT_METADATA_DOCUMENTS: 'on' } });
    client = stage.program.client;
  });
  beforeEach(async () => {
    person = await stage.person();
  });
  afterEach(async () => {
    stage.lab.provider.reset();
    expect(person.complaints).toEqual([]);
    await person.context.close();
  });
  afterAll(() => stage?.stop());

  /** The page is that one, on the record for that reason, and good to look at. */
  async function expectPage(name: string, title: RegExp, reason: string): Promise<void> {
    await expectProblem(stage.lab, person.page, title, reason);
    await expectGoodLooks(person.page, name);
  }

  async function goBack(): Promise<URL> {
    await person.page.getByRole('link', { name: 'Go back to the program' }).click();
    await person.page.getByRole('heading', { name: 'Back in the program' }).waitFor();
    return new URL(person.page.url());
  }

  async function logInAs(username: string): Promise<void> {
    await person.open(client.begin());
    await person.allow();
    await person.logIn(username);
  }

  describe('for what the program asked', () => {
    it('reads that the program is unknown', async () => {
      await person.open(client.begin({ client_id: 'nobody' }));
      await expectPage('unknown-client', /not registered here/, 'unknown_client');
    });

    it('reads that its description cannot be read', async () => {
      await person.open(client.begin({ client_id: 'https://localhost/client.json' }));
      await expectPage('client-document', /description of this program/, 'client_document');
    });

    it('reads that the answer would go to a wrong place, and goes nowhere', async () => {
      await person.open(client.begin({ redirect_uri: 'https://evil.example/callback' }));
      await expectPage('redirect-uri', /wrong place/, 'redirect_uri');
      expect(await person.page.content()).not.toContain('evil.example');
    });

    it('reads what is wrong with the request, and is not sent to a website unasked', async () => {
      const web = await newClient(stage.lab, { redirect_uris: ['https://app.example.com/callback'] });
      await person.open(web.begin({ code_challenge_method: 'plain' }));
      await expectProblem(stage.lab, person.page, /not allowed/);
      await expectGoodLooks(person.page, 'invalid-request');
      const back = await person.page.getByRole('link', { name: 'Go back to the program' }).getAttribute('href');
      expect(back).toMatch(/^https:\/\/app\.example\.com\/callback\?error=invalid_request/);
    });
  });

  describe('for their groups', () => {
    it('without one reads who they are and which groups give access, and may tell the program', async () => {
      stage.lab.provider.people.get('guest').groups = ['canteen'];
      await logInAs('guest');
      await expectPage('no-recognised-group', /no access to vSphere/, 'no_recognised_group');
      const text = await person.page.locator('main').textContent();
      expect(text).toContain('You are logged in as guest');
      expect(text).toContain('vsphere-readers');
      expect((await goBack()).searchParams.get('error')).toBe('access_denied');
    });

    it.each([
      ['groups-absent', 'absent', /no access to vSphere/, 'groups_absent'],
      ['groups-overage', 'entra_overage', /too many groups/, 'groups_overage'],
      ['groups-malformed', { malformed: { a: 1 } }, /cannot be read/, 'groups_malformed'],
      ['too-many-groups', { malformed: Array(2_001).fill('canteen') }, /too many groups/, 'too_many_groups'],
      ['group-names-refused', { malformed: ['vsphere\u202e-readers'] }, /no access to vSphere/, 'group_names_refused'],
    ] as const)('reads what is the matter with them (%s)', async (name, shape, title, reason) => {
      stage.lab.provider.behaviour.groups = shape;
      await logInAs('reader');
      await expectPage(name, title, reason);
    });
  });

  describe('for the provider', () => {
    it('that is down by the time they come back', async () => {
      stage.lab.provider.endpoints.break('token', { dropped: true });
      await logInAs('reader');
      await expectPage('provider-unavailable', /cannot be reached/, 'unavailable');
      expect((await goBack()).searchParams.get('error')).toBe('temporarily_unavailable');
    });

    it('whose clock goes wrong', async () => {
      stage.lab.provider.behaviour.skewSeconds = 3_600;
      await logInAs('reader');
      await expectPage('clock-skew', /clocks do not agree/, 'clock_skew');
    });

    it('whose answer is not genuine', async () => {
      stage.lab.provider.behaviour.signWith = 'unpublished';
      await logInAs('reader');
      await expectPage('login-invalid', /could not be checked/, 'invalid');
    });

    it('where they cancel', async () => {
      await person.open(client.begin());
      await person.allow();
      await person.page.getByRole('button', { name: 'Cancel' }).click();
      await expectPage('provider-denied', /did not let you in/, 'denied');
      expect((await goBack()).searchParams.get('error')).toBe('access_denied');
    });

    it('that does not know the gateway', async () => {
      stage.lab.provider.endpoints.break('token', {
        status: 400,
        body: '{"error":"unauthorized_client"}',
        contentType: 'application/json',
      });
      await logInAs('reader');
      await expectPage('provider-error', /reported an error/, 'client_refused');
    });

    it('which is no longer waiting when they come to its page', async () => {
      await person.open(client.begin());
      await person.allow();
      stage.lab.clock.advance(2 * 3_600_000);
      await person.logIn('reader');
      await person.page.getByRole('heading', { level: 1, name: 'This did not work' }).waitFor();
      await expectGoodLooks(person.page, 'provider-expired');
    });
  });

  describe('for their browser', () => {
    it('which has lost its cookies before the answer', async () => {
      await person.open(client.begin());
      await person.context.clearCookies();
      await person.page.getByRole('button', { name: /^Allow/ }).click();
      await expectPage('consent-elsewhere', /did not come from your page/, 'consent_elsewhere');
    });

    it('which has lost its cookies before it comes back', async () => {
      await person.open(client.begin());
      await person.allow();
      await person.context.clearCookies({ name: /mcvsphere/ });
      await person.logIn('reader');
      await expectPage('login-elsewhere', /not started in this browser/, 'login_elsewhere');
    });

    it('where the question was open too long', async () => {
      await person.open(client.begin());
      stage.lab.clock.advance(ELEVEN_MINUTES);
      await person.page.getByRole('button', { name: /^Allow/ }).click();
      await expectPage('consent-expired', /open too long/, 'consent_expired');
    });

    it('where they load the way back once more', async () => {
      const came: string[] = [];
      person.page.on('request', (request) => {
        if (request.url().includes('/auth/callback')) came.push(request.url());
      });
      await logInAs('reader');
      await person.page.getByRole('heading', { name: 'Back in the program' }).waitFor();
      await person.page.goto(came[0]!);
      await expectPage('login-over', /already over/, 'login_over');
    });

    it('whose back button leads to the question, which may be answered again', async () => {
      await logInAs('reader');
      await person.page.getByRole('heading', { name: 'Back in the program' }).waitFor();
      const before = stage.program.answers.length;
      for (let steps = 0; steps < 5; steps += 1) {
        await person.page.goBack();
        if (await person.page.getByRole('button', { name: /^Allow/ }).isVisible()) break;
      }
      await person.page.getByRole('button', { name: /^Allow/ }).click();
      await person.page.getByRole('heading', { name: 'Back in the program' }).waitFor();
      expect(stage.program.answers.length).toBe(before + 1);
      expect(stage.program.answers.at(-1)?.searchParams.has('code')).toBe(true);
    });

    it('with two tabs, of which each ends where it should', async () => {
      const [first, second] = [client.begin(), client.begin()];
      const tab = await person.context.newPage();
      await person.open(first);
      await tab.goto(second.url);
      await person.allow();
      await tab.getByRole('button', { name: /^Allow/ }).click();
      await tab.getByLabel('User name').waitFor();
      await person.logIn('reader');
      await person.page.getByRole('heading', { name: 'Back in the program' }).waitFor();
      await tab.getByLabel('User name').fill('reader');
      await tab.getByLabel('Password').fill('lab');
      await tab.getByRole('button', { name: 'Log in' }).click();
      await tab.getByRole('heading', { name: 'Back in the program' }).waitFor();
      for (const [page, begun] of [
        [person.page, first],
        [tab, second],
      ] as const) {
        expect((await client.redeem(page.url(), begun)).status).toBe(200);
      }
    });
  });
});

describe.skipIf(!chromiumAvailable)('a person at a gateway', () => {
  it('that has had too many requests reads so', async () => {
    const stage = await startStage({ env: { OAUTH_RATE_LIMIT: '1' } });
    try {
      const { page, open, complaints } = await stage.person();
      await open(stage.program.client.begin());
      await open(stage.program.client.begin());
      await expectProblem(stage.lab, page, /Too many tries/);
      await expectGoodLooks(page, 'too-many-requests');
      expect(complaints).toEqual([]);
    } finally {
      await stage.stop();
    }
  });

  it('whose provider cannot be reached when the login begins reads so', async () => {
    const stage = await startStage();
    try {
      await stage.lab.provider.stop();
      const { page, open } = await stage.person();
      await open(stage.program.client.begin());
      await page.getByRole('button', { name: /^Allow/ }).click();
      await expectProblem(stage.lab, page, /cannot be reached/, 'unavailable');
    } finally {
      await stage.stop();
    }
  });

  it.skipIf(!redisAvailable())(
    'whose store is away reads so, and is let in once it is back',
    { timeout: 60_000 },
    async () => {
      const redis = await startRedis();
      const stage = await startStage({ env: { OAUTH_STORE_URL: redis.url } });
      try {
        const { page, open } = await stage.person();
        await open(stage.program.client.begin());
        await redis.stop();
        await page.getByRole('button', { name: /^Allow/ }).click();
        await expectProblem(stage.lab, page, /cannot log anybody in just now/);
        await expectGoodLooks(page, 'gateway-unavailable');

        await redis.start();
        const tryAgain = async () => {
          await open(stage.program.client.begin());
          await page.getByRole('button', { name: /^Allow/ }).click();
          await page.getByRole('heading', { level: 1, name: /^Log in|just now/ }).waitFor();
          return new URL(page.url()).origin;
        };
        await expect.poll(tryAgain, { timeout: 20_000, interval: 500 }).toBe(stage.lab.provider.issuer);
      } finally {
        await stage.stop();
        await redis.stop();
      }
    },
  );
});
