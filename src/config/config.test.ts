import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Config, loadConfig } from './config.ts';
import type { ReadFile } from './files.ts';
import { OPTION_NAMES } from './options.ts';

const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const vcenter = { VCENTER_HOST: 'vc.example.com', VCENTER_USER: 'svc', VCENTER_PASSWORD: 'pw-of-vcenter' };
const oauth = {
  OAUTH_ENABLED: 'true',
  OAUTH_ISSUER_URL: 'https://login.example.com/realms/company/',
  OAUTH_AUDIENCE: 'https://mcp.example.com/mcp',
  OAUTH_BASE_URL: 'https://mcp.example.com/',
};

function files(contents: Record<string, string>, mode = 0o600): ReadFile {
  return (path) => {
    const text = contents[path];
    if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    return { text, mode };
  };
}

const load = (env: Record<string, string>, contents = {}) => loadConfig(env, files(contents));

function accepted(env: Record<string, string>, contents = {}): Config {
  const loaded = load(env, contents);
  if (!loaded.ok) throw new Error(`refused: ${JSON.stringify(loaded.problems)}`);
  return loaded.config;
}

function problemsOf(env: Record<string, string>, contents = {}) {
  const loaded = load(env, contents);
  return loaded.ok ? [] : loaded.problems;
}

function warningsOf(env: Record<string, string>, contents = {}) {
  return load(env, contents).warnings;
}

describe('loadConfig', () => {
  it('needs no more than one server', () => {
    const config = accepted({ ...vcenter, HOME: '/home/op' });
    expect(config).toMatchObject({
      transport: 'streamable-http',
      http: { host: '127.0.0.1', port: 8080, allowedOrigins: [], unauthenticatedGroups: ['vsphere-readers'] },
      stdioGroups: ['vsphere-super-admins'],
      servers: [
        {
          name: 'vc.example.com',
          kind: 'vcenter',
          url: 'https://vc.example.com/sdk',
          username: 'svc',
          tls: { insecure: false },
        },
      ],
      audit: { file: '/home/op/.local/state/mcvsphere/audit.jsonl' },
      logLevel: 'info',
      shutdownTimeoutMs: 30_000,
    });
    expect(config.servers[0]!.password.reveal()).toBe('pw-of-vcenter');
    expect(config.oauth).toBeUndefined();
  });

  it('cannot be changed afterwards', () => {
    const config = accepted({ ...vcenter, ...oauth });
    for (const part of [
      config,
      config.http,
      config.servers,
      config.servers[0],
      config.servers[0]?.tls,
      config.oauth,
      config.oauth?.claims,
      config.audit,
      config.stdioGroups,
      config.oauth?.algs,
    ]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  it('follows XDG_STATE_HOME where it is absolute', () => {
    expect(accepted({ ...vcenter, HOME: '/h', XDG_STATE_HOME: '/state' }).audit.file).toBe(
      '/state/mcvsphere/audit.jsonl',
    );
    expect(accepted({ ...vcenter, HOME: '/h', XDG_STATE_HOME: 'state' }).audit.file).toBe(
      '/h/.local/state/mcvsphere/audit.jsonl',
    );
  });

  it('lists every problem at once, by name', () => {
    const names = problemsOf({
      VCENTER_HOST: 'ftp://vc',
      VCENTER_THUMBPRINT: 'abc',
      ESXI_HOST_2: 'esx2',
      ESXI_USER_7: 'root',
      MCP_PORT: '99999',
      MCP_TRANSPORT: 'sse',
      MCP_ALLOWED_ORIGINS: '*',
      OAUTH_ENABLED: 'maybe',
      OAUTH_ALLOWED_ALGS: 'RS256,HS256',
      AUDIT_KEY: 'short',
      LOG_LEVEL: 'loud',
    }).map(({ name }) => name);
    expect(names.toSorted()).toEqual([
      'AUDIT_KEY',
      'ESXI_HOST_7',
      'ESXI_PASS_2',
      'ESXI_USER_2',
      'LOG_LEVEL',
      'MCP_ALLOWED_ORIGINS',
      'MCP_PORT',
      'MCP_TRANSPORT',
      'OAUTH_ALLOWED_ALGS',
      'OAUTH_ENABLED',
      'VCENTER_HOST',
      'VCENTER_THUMBPRINT',
    ]);
  });

  it('holds no value of the environment in a problem or a warning, whatever was put where', () => {
    const CANARY = 'c4n4ry-Zq9';
    fc.assert(
      fc.property(
        fc.uniqueArray(
          fc.constantFrom(...OPTION_NAMES, ...OPTION_NAMES.map((name) => `${name}_FILE`), 'ESXI_HOST_1', 'ESXI_PASS_1'),
          { minLength: 1, maxLength: 20 },
        ),
        fc.constantFrom(
          CANARY,
          `https://user:${CANARY}@host/`,
          `/${CANARY}`,
          `${CANARY}\u0000`,
          `x,${CANARY},,`,
          `true${CANARY}`,
        ),
        (names, value) => {
          const env = Object.fromEntries(names.map((name) => [name, value]));
          const loaded = load(env, { [`/${CANARY}`]: CANARY });
          const told = loaded.ok ? loaded.warnings : [loaded.problems, loaded.warnings];
          // A server's name is its address, which is no secret.
          expect(JSON.stringify(told).replaceAll(`from ${CANARY.toLowerCase()}`, '')).not.toContain(CANARY);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('prints without its secrets', () => {
    const config = accepted({ ...vcenter, AUDIT_KEY: 'k'.repeat(40) });
    for (const printed of [JSON.stringify(config), inspect(config, { depth: 10 }), `${config.audit.key}`]) {
      expect(printed).not.toMatch(/pw-of-vcenter|kkkk/);
    }
  });

  it('takes an empty variable as not set', () => {
    expect(problemsOf({ ...vcenter, VCENTER_PASSWORD: '' })).toEqual([
      { name: 'VCENTER_PASSWORD', message: 'is missing, while VCENTER_HOST is set' },
    ]);
    expect(accepted({ ...vcenter, MCP_PORT: '', LOG_LEVEL: '  ' }).http.port).toBe(8080);
  });

  it.each(['true', 'TRUE', '1', 'yes', 'on'])('reads %s as true and its opposite as false', (word) => {
    expect(accepted({ ...vcenter, VCENTER_INSECURE: word }).servers[0]!.tls.insecure).toBe(true);
    const opposite = { true: 'False', TRUE: 'false', 1: '0', yes: 'No', on: 'off' }[word]!;
    expect(accepted({ ...vcenter, VCENTER_INSECURE: opposite }).servers[0]!.tls.insecure).toBe(false);
  });

  it('does not guess at other words', () => {
    expect(problemsOf({ ...vcenter, VCENTER_INSECURE: 'flase' })).toEqual([
      { name: 'VCENTER_INSECURE', message: 'must be true or false' },
    ]);
  });
});

describe('the address of a server', () => {
  it.each([
    ['vc', 'vc', 'https://vc/sdk'],
    ['VC.Example.COM', 'vc.example.com', 'https://vc.example.com/sdk'],
    ['vc:8443', 'vc:8443', 'https://vc:8443/sdk'],
    ['https://vc', 'vc', 'https://vc/sdk'],
    ['https://vc:443/', 'vc', 'https://vc/sdk'],
    ['https://vc/sdk', 'vc', 'https://vc/sdk'],
    ['10.0.0.1', '10.0.0.1', 'https://10.0.0.1/sdk'],
    ['2001:db8::1', '[2001:db8::1]', 'https://[2001:db8::1]/sdk'],
    ['[2001:db8::1]:8443', '[2001:db8::1]:8443', 'https://[2001:db8::1]:8443/sdk'],
    ['http://127.0.0.1:8989', '127.0.0.1:8989', 'http://127.0.0.1:8989/sdk'],
    ['http://localhost:8989/sdk', 'localhost:8989', 'http://localhost:8989/sdk'],
  ])('%s is understood', (text, name, url) => {
    expect(accepted({ ...vcenter, VCENTER_HOST: text }).servers[0]).toMatchObject({ name, url });
  });

  it.each([
    'http://vc.example.com',
    'http://127.0.0.1.example.com',
    'https://user:secret@vc',
    'user@vc',
    'ftp://vc',
    'https://vc/ui',
    'vc/path',
    'https://vc?x=1',
    'https://vc#x',
    'vc:99999',
    'https://',
    'a b',
    'vc\u0000',
    'vc\u202e',
    'v'.repeat(3000),
  ])('%j is refused', (text) => {
    const problems = problemsOf({ ...vcenter, VCENTER_HOST: text });
    expect(problems.map(({ name }) => name)).toEqual(['VCENTER_HOST']);
    expect(problems[0]!.message).not.toContain('secret');
  });
});

describe('several servers', () => {
  it('are the vCenter, the ESXi host, then the numbered ones in the order of their numbers', () => {
    const config = accepted({
      ...vcenter,
      ESXI_HOST_10: 'c',
      ESXI_HOST_2: 'b',
      ESXI_HOST: 'a',
      ESXI_USER: 'root',
      ESXI_PASS: 'p',
    });
    expect(config.servers.map(({ name, kind }) => `${kind} ${name}`)).toEqual([
      'vcenter vc.example.com',
      'esxi a',
      'esxi b',
      'esxi c',
    ]);
  });

  it('inherit what they do not set themselves, a fingerprint excepted', () => {
    const config = accepted(
      {
        ESXI_HOST: 'a',
        ESXI_HOST_1: 'b',
        ESXI_HOST_2: 'c',
        ESXI_USER: 'root',
        ESXI_PASS: 'shared',
        ESXI_NETWORK: 'Lab',
        ESXI_CA_FILE: '/ca.pem',
        ESXI_THUMBPRINT: `${'AB:'.repeat(31)}AB`,
        ESXI_USER_2: 'other',
        ESXI_PASS_2: 'own',
        ESXI_INSECURE_2: 'yes',
      },
      { '/ca.pem': PEM },
    );
    const [a, b, c] = config.servers;
    expect(a).toMatchObject({
      username: 'root',
      tls: { thumbprint: 'ab'.repeat(32), ca: PEM },
      placement: { network: 'Lab' },
    });
    expect(b).toMatchObject({ username: 'root', tls: { insecure: false, ca: PEM }, placement: { network: 'Lab' } });
    expect(b!.tls).not.toHaveProperty('thumbprint');
    expect(b!.password.reveal()).toBe('shared');
    expect(c).toMatchObject({ username: 'other', tls: { insecure: true } });
    expect(c!.password.reveal()).toBe('own');
  });

  it('are refused when two are the same', () => {
    const env = { ESXI_HOST_1: 'esx', ESXI_HOST_2: 'https://ESX:443/sdk', ESXI_USER: 'root', ESXI_PASS: 'p' };
    expect(problemsOf(env)).toEqual([{ name: 'ESXI_HOST_2', message: 'names the same server as ESXI_HOST_1' }]);
  });

  it('are asked for where there is none', () => {
    expect(problemsOf({})).toEqual([{ name: 'VCENTER_HOST', message: 'is missing: set it or ESXI_HOST' }]);
  });

  it('are not insecure and pinned at once', () => {
    const env = { ...vcenter, VCENTER_INSECURE: 'true', VCENTER_THUMBPRINT: 'a'.repeat(40) };
    expect(problemsOf(env)).toEqual([
      { name: 'VCENTER_INSECURE', message: 'makes VCENTER_THUMBPRINT void: unset one of them' },
    ]);
  });

  it('need an authority file with a certificate in it', () => {
    expect(problemsOf({ ...vcenter, VCENTER_CA_FILE: '/ca' }, { '/ca': 'DER' })[0]).toMatchObject({
      name: 'VCENTER_CA_FILE',
    });
    expect(problemsOf({ ...vcenter, VCENTER_CA_FILE: '/none' })[0]!.message).toContain('there is no such file');
  });
});

describe('a secret in a file', () => {
  const { VCENTER_PASSWORD: _, ...rest } = vcenter;

  it.each([
    ['pw\n', 'pw'],
    ['pw\r\n', 'pw'],
    ['pw\n\n', 'pw\n'],
    [' pw ', ' pw '],
  ])('%j gives %j', (content, expected) => {
    const config = accepted({ ...rest, VCENTER_PASSWORD_FILE: '/run/pw' }, { '/run/pw': content });
    expect(config.servers[0]!.password.reveal()).toBe(expected);
  });

  it('may not stand in the environment too', () => {
    const problems = problemsOf({ ...vcenter, VCENTER_PASSWORD_FILE: '/run/pw' }, { '/run/pw': 'x' });
    expect(problems.map(({ name, message }) => `${name} ${message}`)).toEqual([
      'VCENTER_PASSWORD is set, and so is VCENTER_PASSWORD_FILE: only one of them may be',
    ]);
  });

  it.each([
    ['/none', 'there is no such file'],
    ['/empty', 'names an empty file'],
  ])('%s is a problem', (path, message) => {
    const problems = problemsOf({ ...rest, VCENTER_PASSWORD_FILE: path }, { '/empty': '\n' });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ name: 'VCENTER_PASSWORD_FILE' });
    expect(problems[0]!.message).toContain(message);
  });

  it('that everybody can read is warned of', () => {
    const env = { ...rest, VCENTER_PASSWORD_FILE: '/pw' };
    expect(loadConfig(env, files({ '/pw': 'x' }, 0o644)).warnings.join()).toContain('VCENTER_PASSWORD_FILE');
    expect(loadConfig(env, files({ '/pw': 'x' }, 0o640)).warnings).toEqual([]);
  });

  it('works for numbered hosts', () => {
    const env = { ESXI_HOST_1: 'esx', ESXI_USER: 'root', ESXI_PASS_1_FILE: '/pw' };
    expect(accepted(env, { '/pw': 'secret\n' }).servers[0]!.password.reveal()).toBe('secret');
    expect(warningsOf(env, { '/pw': 'secret\n' })).toEqual([]);
  });
});

describe('login', () => {
  it('keeps the issuer letter for letter and the base URL as an origin', () => {
    expect(accepted({ ...vcenter, ...oauth, MCP_HOST: '0.0.0.0' }).oauth).toMatchObject({
      issuer: 'https://login.example.com/realms/company/',
      audience: 'https://mcp.example.com/mcp',
      baseUrl: 'https://mcp.example.com',
      allowInsecure: false,
      claims: { groups: ['groups'] },
    });
  });

  it.each(['OAUTH_ISSUER_URL', 'OAUTH_AUDIENCE', 'OAUTH_BASE_URL'])('needs %s', (name) => {
    expect(problemsOf({ ...vcenter, ...oauth, [name]: '' })).toEqual([
      { name, message: 'is missing, while OAUTH_ENABLED is true' },
    ]);
  });

  it.each(['OAUTH_ISSUER_URL', 'OAUTH_BASE_URL'])('takes http: in %s only for development', (name) => {
    const env = { ...vcenter, ...oauth, [name]: 'http://localhost:9000' };
    expect(problemsOf(env).map((problem) => problem.name)).toEqual([name]);
    expect(problemsOf({ ...env, OAUTH_ALLOW_INSECURE: 'true' })).toEqual([]);
    expect(warningsOf({ ...env, OAUTH_ALLOW_INSECURE: 'true' }).join()).toContain(name);
  });

  it.each(['none', 'HS256', 'RS256,HS512', 'rs256', 'RS256,'])('refuses the algorithms %s', (algs) => {
    expect(problemsOf({ ...vcenter, ...oauth, OAUTH_ALLOWED_ALGS: algs }).map(({ name }) => name)).toEqual([
      'OAUTH_ALLOWED_ALGS',
    ]);
  });

  it('reads the claim options', () => {
    const env = {
      ...vcenter,
      ...oauth,
      OAUTH_USERNAME_CLAIM: 'upn',
      OAUTH_GROUPS_CLAIM: '/realm_access/roles, https://example.com/groups',
      OAUTH_GROUPS_SEPARATOR: 'comma',
      OAUTH_GROUPS_STRIP_PREFIX: '/',
      OAUTH_GROUP_MAP_FILE: '/map.json',
    };
    const map = '{"users": {"alice@example.com": ["vsphere-readers"]}, "groups": {"__proto__": ["vsphere-admins"]}}';
    expect(accepted(env, { '/map.json': map }).oauth!.claims).toEqual({
      username: 'upn',
      groups: ['/realm_access/roles', 'https://example.com/groups'],
      separator: ',',
      stripPrefix: '/',
      groupMap: {
        users: new Map([['alice@example.com', ['vsphere-readers']]]),
        groups: new Map(),
      },
    });
  });

  it.each([
    ['not JSON', '{'],
    ['a list', '[]'],
    ['an unknown key', '{"user": {}}'],
    ['a text for a list', '{"users": {"a": "b"}}'],
    ['a number', '{"groups": {"a": [1]}}'],
    ['an invisible character', '{"groups": {"a": ["b\\u200b"]}}'],
  ])('refuses a group map with %s', (_what, text) => {
    const problems = problemsOf({ ...vcenter, ...oauth, OAUTH_GROUP_MAP_FILE: '/m' }, { '/m': text });
    expect(problems.map(({ name }) => name)).toEqual(['OAUTH_GROUP_MAP_FILE']);
  });

  it('is warned of where it is configured and not switched on', () => {
    const { OAUTH_ENABLED: _, ...rest } = oauth;
    expect(warningsOf({ ...vcenter, ...rest }).join()).toContain('OAUTH_ENABLED is not true');
  });
});

describe('without login', () => {
  it.each(['0.0.0.0', '::', '10.0.0.1', 'mcp.example.com', '127.0.0.1.example.com'])(
    'does not listen on %s',
    (host) => {
      expect(problemsOf({ ...vcenter, MCP_HOST: host }).map(({ name }) => name)).toEqual(['MCP_HOST']);
    },
  );

  it.each(['127.0.0.1', '127.0.0.2', '::1', '[::1]', 'localhost'])('listens on %s', (host) => {
    expect(problemsOf({ ...vcenter, MCP_HOST: host })).toEqual([]);
  });

  it('listens anywhere when told to, with a warning', () => {
    const env = { ...vcenter, MCP_HOST: '0.0.0.0', MCP_ALLOW_UNAUTHENTICATED: 'true' };
    expect(accepted(env).http.allowUnauthenticated).toBe(true);
    expect(warningsOf(env).join()).toContain('Everybody who reaches this gateway is let in');
  });

  it('does not ask where stdio listens', () => {
    expect(problemsOf({ ...vcenter, MCP_TRANSPORT: 'stdio', MCP_HOST: '0.0.0.0' })).toEqual([]);
  });
});

describe('lists', () => {
  it.each([
    ['MCP_ALLOWED_ORIGINS', 'https://a.example.com,https://a.example.com/'],
    ['MCP_ALLOWED_ORIGINS', 'https://A.example.com'],
    ['MCP_ALLOWED_ORIGINS', 'null'],
    ['MCP_TRUSTED_PROXIES', '0.0.0.0/0'],
    ['MCP_TRUSTED_PROXIES', '10.0.0.0/33'],
    ['MCP_TRUSTED_PROXIES', 'proxy.example.com'],
    ['MCP_TRUSTED_PROXIES', '10.0.0.0/8/8'],
    ['MCP_ALLOWED_HOSTS', 'mcp.example.com:443'],
    ['MCP_ALLOWED_HOSTS', '*'],
    ['MCP_STDIO_GROUPS', 'a,,b'],
  ])('%s does not take %s', (name, value) => {
    expect(problemsOf({ ...vcenter, [name]: value }).map((problem) => problem.name)).toEqual([name]);
  });

  it('are read without blanks and repetitions', () => {
    const config = accepted({
      ...vcenter,
      MCP_ALLOWED_HOSTS: 'MCP.example.com, ::1, mcp.internal',
      MCP_TRUSTED_PROXIES: '10.0.0.0/8, loopback, 10.0.0.0/8',
      MCP_UNAUTHENTICATED_GROUPS: 'a, b',
    });
    expect(config.http).toMatchObject({
      allowedHosts: ['mcp.example.com', '[::1]', 'mcp.internal'],
      trustedProxies: ['10.0.0.0/8', 'loopback'],
      unauthenticatedGroups: ['a', 'b'],
    });
  });
});

describe('names that are no options', () => {
  it.each([
    ['OAUTH_ENABELD', 'is OAUTH_ENABLED meant?'],
    ['MCP_ALLOWED_ORIGIN', 'is MCP_ALLOWED_ORIGINS meant?'],
    ['ESXI_PASSS_1', 'is no option'],
    ['ESXI_HOST_01', 'is no option'],
    ['VCENTER_USER_FILE', 'is no option'],
    ['AUDIT_KEY_FIL', 'is AUDIT_KEY_FILE meant?'],
  ])('%s is told', (name, hint) => {
    expect(warningsOf({ ...vcenter, [name]: 'x' }).some((line) => line.startsWith(name) && line.includes(hint))).toBe(
      true,
    );
  });

  it('of other programs are left alone', () => {
    expect(warningsOf({ ...vcenter, PATH: '/bin', NODE_ENV: 'production', MCPX: '1' })).toEqual([]);
  });
});
