/** What people see when a login goes wrong: a page that says so, under a number that the record has too. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { NOT_JSON } from '../../lab/identity-provider/endpoints.ts';
import {
  allow,
  BASE_URL,
  type Client,
  enterPassword,
  type LoginLab,
  loginRecords,
  newClient,
  requestIdOf,
  startLoginLab,
  walk,
  walkToCallback,
} from '../support/login.ts';
import type { Page, UserAgent } from '../support/user-agent.ts';

let lab: LoginLab;
let client: Client;
let browser: UserAgent;
beforeAll(async () => {
  lab = await startLoginLab();
  client = await newClient(lab);
});
afterEach(() => {
  lab.provider.reset();
  lab.provider.people.get('reader').groups = ['vsphere-readers'];
});
afterAll(() => lab?.stop());

interface Expected {
  readonly status: number;
  readonly title: RegExp;
  readonly reason: string;
  /** What the client is told, when the person goes back to it. */
  readonly tells?: string;
}

/** What holds for all of these pages, and the record that belongs to this one. */
function expectProblem(page: Page, { status, title, reason, tells }: Expected): void {
  expect([page.status, page.title]).toEqual([status, expect.stringMatching(title)]);
  expect(page.next).toBeUndefined();
  expect(page.text).toContain('What you can do');
  expect(page.headers['cache-control']).toBe('no-store');
  expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'");
  // Nothing of what is inside, and nothing that could be used again.
  expect(page.body).not.toMatch(/eyJ|\.ts:|node_modules|Error:|stack|code=|code_verifier|nonce/);
  for (const secret of lab.seen) expect(page.body).not.toContain(secret);

  const requestId = requestIdOf(page);
  expect(requestId).toBe(page.headers['x-request-id']);
  const record = loginRecords(lab).findLast(({ request_id }) => request_id === requestId);
  expect(record).toMatchObject({ reason, src_ip: '127.0.0.1', error_code: expect.any(String) });
  expect(record).not.toHaveProperty('result');

  const back = page.links.find(({ href }) => href.startsWith(client.redirectUri));
  expect(back && new URL(back.href).searchParams.get('error')).toBe(tells);
  if (back !== undefined) expect(new URL(back.href).searchParams.get('iss')).toBe(BASE_URL);
}

async function attempt(user: string): Promise<Page> {
  browser = lab.browser();
  return walk(lab, browser, client.begin().url, user);
}

describe('a person without a group that counts', () => {
  it('reads that there is no access, as whom they are logged in, and which groups would give it', async () => {
    const page = await attempt('guest');
    expectProblem(page, {
      status: 403,
      title: /no access to vSphere/,
      reason: expect.stringMatching(/^(no_recognised_group|groups_absent)$/),
      tells: 'access_denied',
    });
    expect(page.text).toContain('guest');
    expect(page.text).toContain('vsphere-readers');
  });

  it('is let in by the next login after a group was given', async () => {
    lab.provider.people.get('reader').groups = ['some-other-group'];
    expect((await attempt('reader')).status).toBe(403);
    lab.provider.people.get('reader').groups = ['some-other-group', 'vsphere-readers'];
    expect((await attempt('reader')).next?.searchParams.has('code')).toBe(true);
  });

  it('with too many groups for the provider to name reads just that', async () => {
    for (const shape of ['entra_overage', 'entra_hasgroups'] as const) {
      lab.provider.behaviour.groups = shape;
      const page = await attempt('reader');
      expectProblem(page, {
        status: 403,
        title: /too many groups/,
        reason: 'groups_overage',
        tells: 'access_denied',
      });
    }
  });

  it.each([
    ['an object', { admin: true }],
    ['a number', 7],
    ['a list of lists', [['vsphere-super-admins']]],
    ['true', true],
  ])('whose groups are %s reads that they cannot be read, and gets nothing', async (_what, malformed) => {
    lab.provider.behaviour.groups = { malformed };
    expectProblem(await attempt('reader'), {
      status: 403,
      title: /groups cannot be read/,
      reason: 'groups_malformed',
      tells: 'access_denied',
    });
  });

  it('whose groups are 100,000 reads so', async () => {
    lab.provider.behaviour.groupsIn = ['userinfo'];
    lab.provider.people.get('reader').groups = Array.from({ length: 20_000 }, (_, n) => `group-${n}`);
    const page = await attempt('reader');
    expect([page.next, page.status >= 400]).toEqual([undefined, true]);
    expect(requestIdOf(page)).toBe(page.headers['x-request-id']);
  });
});

describe('a provider in trouble', () => {
  it.each([
    ['is down', { status: 503 }, 503, 'unavailable', 'temporarily_unavailable'],
    ['cuts the connection', { dropped: true as const }, 503, 'unavailable', 'temporarily_unavailable'],
    ['answers 500', { status: 500, body: 'Traceback: secret' }, 503, 'unavailable', 'temporarily_unavailable'],
  ])('that %s while the code is exchanged', async (_what, fault, status, reason, tells) => {
    lab.provider.endpoints.break('token', fault);
    const page = await attempt('reader');
    expectProblem(page, { status, title: /login cannot be reached/, reason, tells });
    expect(page.body).not.toContain('Traceback');
    expect(Number(page.headers['retry-after'])).toBeGreaterThan(0);
    lab.provider.endpoints.mend();
    expect((await attempt('reader')).next?.searchParams.has('code')).toBe(true);
  });

  it('that answers with a page of a proxy for tokens', async () => {
    lab.provider.endpoints.break('token', NOT_JSON);
    const page = await attempt('reader');
    expect(page.status).toBeGreaterThanOrEqual(500);
    expect(page.next).toBeUndefined();
    expect(loginRecords(lab).at(-1)).toMatchObject({ event: 'LOGIN', request_id: requestIdOf(page) });
  });

  it.each([
    ['whose clock is an hour ahead', { skewSeconds: 3600 }, /clocks do not agree/, 'clock_skew'],
    ['whose clock is two hours behind', { skewSeconds: -7200 }, /clocks do not agree/, 'clock_skew'],
    ['whose token is for somebody else', { idTokenClaims: { aud: 'another' } }, /could not be checked/, 'invalid'],
    ['whose token is of somebody else', { idTokenClaims: { iss: 'https://else' } }, /could not be checked/, 'invalid'],
    ['whose token answers another login', { idTokenClaims: { nonce: 'other' } }, /could not be checked/, 'invalid'],
    ['whose token has no subject', { idTokenClaims: { sub: undefined } }, /could not be checked/, 'invalid'],
    ['that signs with a key it does not show', { signWith: 'unpublished' as const }, /could not be checked/, 'invalid'],
    ['that names itself wrongly', { issParameter: 'wrong' as const }, /could not be checked/, 'invalid'],
    ['whose userinfo is of another person', { userinfoClaims: { sub: 'x' } }, /could not be checked/, 'invalid'],
  ])('%s', async (_what, behaviour, title, reason) => {
    Object.assign(lab.provider.behaviour, behaviour);
    // So that userinfo is asked.
    lab.provider.behaviour.groupsIn = ['userinfo'];
    expectProblem(await attempt('reader'), { status: 502, title, reason, tells: 'server_error' });
  });

  it('that the person cancels, or that knows them as disabled', async () => {
    browser = lab.browser();
    const asked = await allow(lab, browser, await browser.open(client.begin().url));
    const page = await browser.follow(await browser.submit(asked, {}, { button: 'cancel' }));
    expectProblem(page, { status: 403, title: /did not let you in/, reason: 'denied', tells: 'access_denied' });

    lab.provider.people.get('reader').state = 'disabled';
    const refused = await attempt('reader');
    expect([refused.url.origin, refused.next]).toEqual([lab.provider.issuer, undefined]);
  });

  it('that rotates its keys lets people in without a word', async () => {
    expect((await attempt('reader')).next?.searchParams.has('code')).toBe(true);
    await lab.provider.rotateKeys({ keepOld: false });
    // A gateway asks for new keys at most once in a while.
    lab.clock.advance(10 * 60_000);
    expect((await attempt('reader')).next?.searchParams.has('code')).toBe(true);
  });
});

describe('a provider that cannot be found when the login begins', () => {
  it('gives a page and not a broken redirect, and the login works once it is there', async () => {
    const other = await startLoginLab();
    try {
      other.provider.endpoints.break('discovery', { status: 503 });
      const begun = (await newClient(other)).begin();
      const person = other.browser();
      const page = await person.submit(await person.open(begun.url), {}, { button: 'allow' });
      expect([page.status, page.next]).toEqual([503, undefined]);
      expect(page.title).toContain('cannot be reached');
      const records = loginRecords(other).filter(({ request_id }) => request_id === requestIdOf(page));
      expect(records.map(({ event, result, reason }) => [event, result ?? reason])).toEqual([
        ['CONSENT', 'success'],
        ['LOGIN', 'unavailable'],
      ]);
      other.provider.endpoints.mend();
      other.clock.advance(60_000);
      expect((await walk(other, person, begun.url, 'reader')).next?.searchParams.has('code')).toBe(true);
    } finally {
      await other.stop();
    }
  });
});

describe('a browser in trouble', () => {
  it('that has lost its cookies before the answer', async () => {
    browser = lab.browser();
    const page = await browser.open(client.begin().url);
    browser.cookies.clear();
    const sent = await browser.submit(page, {}, { button: 'allow' });
    expectProblem(sent, { status: 403, title: /did not come from your page/, reason: 'consent_elsewhere' });
  });

  it('that has lost its cookies before it comes back', async () => {
    browser = lab.browser();
    const callback = await walkToCallback(browser, client.begin().url, 'reader');
    browser.cookies.clear();
    expectProblem(await browser.step(callback), {
      status: 403,
      title: /not started in this browser/,
      reason: 'login_elsewhere',
    });
  });

  it('whose person goes back, or loads the last page again', async () => {
    browser = lab.browser();
    const callback = await walkToCallback(browser, client.begin().url, 'reader');
    expect((await browser.step(callback)).next?.searchParams.has('code')).toBe(true);
    const page = await browser.step(callback);
    expectProblem(page, { status: 400, title: /already over/, reason: 'login_over' });
  });

  it('with two tabs finishes the logins of both', async () => {
    browser = lab.browser();
    const [one, two] = [client.begin(), client.begin()];
    const [first, second] = [await browser.open(one.url), await browser.open(two.url)];
    const ended = await enterPassword(lab, browser, await allow(lab, browser, first), 'reader');
    const other = await enterPassword(lab, browser, await allow(lab, browser, second), 'reader');
    expect((await client.redeem(ended.next!, one)).status).toBe(200);
    expect((await client.redeem(other.next!, two)).status).toBe(200);
  });

  it('whose person went for a coffee before the answer', async () => {
    browser = lab.browser();
    const page = await browser.open(client.begin().url);
    lab.clock.advance(601_000);
    expectProblem(await browser.submit(page, {}, { button: 'allow' }), {
      status: 400,
      title: /open too long/,
      reason: 'consent_expired',
    });
  });

  it('whose person went for a coffee at the login page of the provider', async () => {
    browser = lab.browser();
    const asked = await allow(lab, browser, await browser.open(client.begin().url));
    lab.clock.advance(601_000);
    const page = await enterPassword(lab, browser, asked, 'reader');
    expect([page.status, page.next]).toEqual([403, undefined]);
    expectProblem(page, { status: 403, title: /not started in this browser/, reason: 'login_elsewhere' });
    expect(page.text).toContain('more than ten minutes');
  });

  it('that comes to the callback by itself', async () => {
    browser = lab.browser();
    for (const query of ['', '?code=x', '?state=', '?state=a&state=b&code=x', `?state=${'s'.repeat(5_000)}`]) {
      const page = await browser.open(`${BASE_URL}/auth/callback${query}`);
      expect([page.status >= 400 && page.status < 600, page.next]).toEqual([true, undefined]);
      expect(loginRecords(lab).at(-1)).toMatchObject({ event: 'LOGIN', request_id: requestIdOf(page) });
    }
  });

  it('that sends a form which is none of ours', async () => {
    browser = lab.browser();
    for (const form of [{}, { ticket: 'x' }, { decision: 'allow' }, { ticket: 'x', decision: 'allow' }]) {
      const page = await browser.post(`${BASE_URL}/authorize`, form as Record<string, string>);
      expect([page.status, page.next]).toEqual([400, undefined]);
      expect(requestIdOf(page)).toBe(page.headers['x-request-id']);
      expect(loginRecords(lab).at(-1)).toMatchObject({ event: 'CONSENT', request_id: requestIdOf(page) });
    }
  });
});
