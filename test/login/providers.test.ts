/**
 * Each provider's own ways, through a whole login: who comes in, with which rights, and what is left of them when the
 * groups are read again after five minutes.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Behaviour } from '../../lab/identity-provider/behaviour.ts';
import { AUTH0_GROUPS_CLAIM } from '../../lab/identity-provider/group-shapes.ts';
import { createPeople } from '../../lab/identity-provider/people.ts';
import {
  type LoginLab,
  logIn,
  loginRecords,
  newClient,
  requestIdOf,
  startLoginLab,
  toolsOf,
  walk,
} from '../support/login.ts';

const FIVE_MINUTES = 5 * 60_000;
const folder = mkdtempSync(join(tmpdir(), 'mcvsphere-groups-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

async function withLab(
  { env = {}, behaviour = {} }: { env?: Record<string, string>; behaviour?: Partial<Behaviour> },
  run: (lab: LoginLab) => Promise<void>,
): Promise<void> {
  const lab = await startLoginLab({ env, behaviour });
  try {
    await run(lab);
  } finally {
    await lab.stop();
  }
}

/** An operator may switch on and not delete, before and after the groups were read again. */
async function expectOperator(lab: LoginLab): Promise<void> {
  const { tokens } = await logIn(lab, 'operator');
  for (const when of ['after the login', 'after the groups were read again']) {
    const tools = await toolsOf(lab, tokens.access_token);
    expect(tools, when).toContain('power_on');
    expect(tools, when).not.toContain('delete_vm');
    lab.clock.advance(FIVE_MINUTES);
  }
  expect(loginRecords(lab).filter(({ reason }) => reason === 'groups_changed')).toEqual([]);
}

const WAYS: readonly (readonly [string, Partial<Behaviour>, Record<string, string>])[] = [
  ['most: a list in all tokens', {}, {}],
  ['a list in userinfo alone', { groupsIn: ['userinfo'] }, {}],
  ['a list in the access token alone', { groupsIn: ['access_token'] }, {}],
  ['introspection alone', { groupsIn: ['introspection'], accessTokens: 'opaque' }, { OAUTH_INTROSPECTION: 'true' }],
  ['Authentik: refreshing takes a scope', { refreshTokens: 'with_offline_access' }, {}],
  ['Keycloak: paths', { groups: 'keycloak' }, { OAUTH_GROUPS_STRIP_PREFIX: '/' }],
  ['Keycloak: roles', { groups: 'keycloak_roles' }, { OAUTH_GROUPS_CLAIM: '/realm_access/roles' }],
  ['Auth0: a claim that is a URL', { groups: 'auth0' }, { OAUTH_GROUPS_CLAIM: AUTH0_GROUPS_CLAIM }],
  ['Okta: the ID token alone', { groupsIn: ['id_token'] }, {}],
  [
    'glewlwyd: one text in the access token, no ID token on refresh, a refresh token that stays',
    { groups: 'comma', groupsIn: ['access_token'], idTokenOnRefresh: false, rotateRefreshTokens: false },
    { OAUTH_GROUPS_SEPARATOR: 'comma' },
  ],
  ['no ID token on refresh', { idTokenOnRefresh: false }, {}],
  ['no iss parameter', { issParameter: 'absent' }, {}],
  ['ES256', { signingAlg: 'ES256' }, { OAUTH_ALLOWED_ALGS: 'ES256' }],
];

describe('a provider of its own ways lets an operator in as an operator', () => {
  it.each(WAYS)('%s', async (_way, behaviour, env) => {
    await withLab({ behaviour, env }, expectOperator);
  });

  it('Google: no groups, and a map that names people', async () => {
    const file = join(folder, 'people.json');
    const { sub } = createPeople().get('operator');
    writeFileSync(file, JSON.stringify({ users: { [sub]: ['vsphere-operators'] } }));
    await withLab({ behaviour: { groups: 'absent' }, env: { OAUTH_GROUP_MAP_FILE: file } }, async (lab) => {
      await expectOperator(lab);
      const page = await walk(lab, lab.browser(), (await newClient(lab)).begin().url, 'super-admin');
      expect([page.status, page.next]).toEqual([403, undefined]);
    });
  });

  it('Entra ID: groups that are GUIDs, and a map that names them', async () => {
    const file = join(folder, 'guids.json');
    const guid = '6f1d2c3b-0000-4000-8000-123456789abc';
    writeFileSync(file, JSON.stringify({ groups: { [guid]: ['vsphere-operators'] } }));
    await withLab({ env: { OAUTH_GROUP_MAP_FILE: file } }, async (lab) => {
      lab.provider.people.get('operator').groups = [guid];
      await expectOperator(lab);
    });
  });
});

describe('a provider whose ways the gateway was not told about', () => {
  it.each<[string, Partial<Behaviour>, string]>([
    ['one text with commas is not taken for a group', { groups: 'comma' }, 'no_recognised_group'],
    ['paths are no names', { groups: 'keycloak' }, 'no_recognised_group'],
    ['roles are no groups', { groups: 'keycloak_roles' }, 'groups_absent'],
    ['a claim that is a URL is another claim', { groups: 'auth0' }, 'groups_absent'],
    ['groups that are elsewhere are not fetched', { groups: 'entra_overage' }, 'groups_overage'],
    ['no groups at all', { groups: 'absent' }, 'groups_absent'],
  ])('lets nobody in, and says why: %s', async (_what, behaviour, reason) => {
    await withLab({ behaviour }, async (lab) => {
      const person = lab.provider.people.get('super-admin');
      person.groups = ['vsphere-super-admins', 'vsphere-readers'];
      const page = await walk(lab, lab.browser(), (await newClient(lab)).begin().url, 'super-admin');
      expect([page.status, page.next]).toEqual([403, undefined]);
      const record = loginRecords(lab).at(-1);
      expect(record).toMatchObject({ event: 'LOGIN', user: 'super-admin', reason, request_id: requestIdOf(page) });
    });
  });
});

describe('more than one source of groups', () => {
  it('is read from the first that has them: a later one adds nothing', async () => {
    const behaviour = { groupsIn: ['userinfo'], idTokenClaims: { groups: ['vsphere-readers'] } } as const;
    await withLab({ behaviour }, async (lab) => {
      const { tokens } = await logIn(lab, 'super-admin');
      const tools = await toolsOf(lab, tokens.access_token);
      expect(tools).toContain('list_vms');
      expect(tools).not.toContain('power_on');
    });
  });

  it('does not mend one that cannot be read', async () => {
    const behaviour = { groupsIn: ['userinfo'], idTokenClaims: { groups: 7 } } as const;
    await withLab({ behaviour }, async (lab) => {
      const page = await walk(lab, lab.browser(), (await newClient(lab)).begin().url, 'super-admin');
      expect([page.status, page.next]).toEqual([403, undefined]);
    });
  });
});

describe('who a person is', () => {
  it('is their subject at that provider, whatever they call themselves', async () => {
    await withLab({ behaviour: { idTokenClaims: { preferred_username: 'super-admin' } } }, async (lab) => {
      await logIn(lab, 'reader');
      const record = loginRecords(lab).at(-1);
      expect(record?.sub).toBe(lab.provider.people.get('reader').sub);
    });
  });

  it.each([
    ['email', { OAUTH_USERNAME_CLAIM: 'email' }, 'reader@lab.example'],
    ['sub', { OAUTH_USERNAME_CLAIM: 'sub' }, createPeople().get('reader').sub],
  ])('may be written by %s', async (_claim, env, user) => {
    await withLab({ env }, async (lab) => {
      await logIn(lab, 'reader');
      expect(loginRecords(lab).at(-1)).toMatchObject({ event: 'LOGIN', user });
    });
  });

  it('with a name of control characters or of 10,000 does not come in', async () => {
    await withLab({}, async (lab) => {
      for (const name of ['admin\u0000', 'x'.repeat(10_000), 'a\nb', '\u202Eadmin']) {
        const claims = { preferred_username: name };
        Object.assign(lab.provider.behaviour, { idTokenClaims: claims, userinfoClaims: claims });
        const page = await walk(lab, lab.browser(), (await newClient(lab)).begin().url, 'reader');
        // Either nobody, or somebody by their next name; never by that one.
        const { user } = loginRecords(lab).at(-1)!;
        expect(user).not.toBe(name);
        expect(page.next === undefined ? 'nobody' : user).toMatch(/^(nobody|reader|reader@lab\.example)$/);
      }
    });
  });
});
