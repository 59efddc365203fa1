/** Every option there is: the one place that names it, describes it and says what it may hold. */
import { z } from 'zod';
import { LOG_LEVELS } from '../lib/logger.ts';
import { login } from './login-options.ts';
import { option } from './option.ts';
import {
  absolutePath,
  algorithm,
  boolean,
  claimPath,
  downloadRule,
  groupName,
  hostName,
  integer,
  issuer,
  list,
  listenAddress,
  oneOf,
  origin,
  proxy,
  publicOrigin,
  secretText,
  serverAddress,
  text,
  thumbprint,
  toolset,
} from './values.ts';

export const TRANSPORTS = ['streamable-http', 'stdio'] as const;

const vcenter = {
  VCENTER_HOST: option(
    {
      category: 'vcenter',
      description: 'The vCenter to manage: host, host:port or URL. It is the default server of every tool.',
      example: 'vcenter.example.com',
    },
    serverAddress().optional(),
  ),
  VCENTER_USER: option(
    {
      category: 'vcenter',
      description: 'The service account that the gateway logs in with.',
      example: 'svc-mcvsphere@vsphere.local',
    },
    text(256).optional(),
  ),
  VCENTER_PASSWORD: option(
    { category: 'vcenter', description: 'Its password.', secret: true },
    secretText(1).optional(),
  ),
  VCENTER_INSECURE: option(
    {
      category: 'vcenter',
      description:
        'Accept any certificate. Whoever sits on the way can then read the service password: prefer VCENTER_CA_FILE or VCENTER_THUMBPRINT.',
    },
    boolean().prefault('false'),
  ),
  VCENTER_CA_FILE: option(
    {
      category: 'vcenter',
      description: 'PEM file with the authority that signed the certificate.',
      otherwise: 'the authorities that Node.js trusts',
      example: '/etc/mcvsphere/vcenter-ca.pem',
    },
    absolutePath().optional(),
  ),
  VCENTER_THUMBPRINT: option(
    {
      category: 'vcenter',
      description: 'SHA-256 or SHA-1 fingerprint of the one certificate to accept, for a self-signed one.',
    },
    thumbprint().optional(),
  ),
  VCENTER_DATACENTER: option(
    {
      category: 'vcenter',
      description: 'Datacenter for new virtual machines.',
      otherwise: 'the first one',
    },
    text(256).optional(),
  ),
  VCENTER_CLUSTER: option(
    {
      category: 'vcenter',
      description: 'Cluster for new virtual machines.',
      otherwise: 'the first one of the datacenter',
    },
    text(256).optional(),
  ),
  VCENTER_DATASTORE: option(
    {
      category: 'vcenter',
      description: 'Datastore for new virtual machines.',
      otherwise: 'the one with most free space',
    },
    text(256).optional(),
  ),
  VCENTER_NETWORK: option(
    {
      category: 'vcenter',
      description: 'Network for new network cards.',
      otherwise: '"VM Network", or the first one',
    },
    text(256).optional(),
  ),
};

const esxi = {
  ESXI_HOST: option(
    {
      category: 'esxi',
      numbered: true,
      description: 'A standalone ESXi host to manage: host, host:port or URL.',
      example: 'esxi1.example.com',
    },
    serverAddress().optional(),
  ),
  ESXI_USER: option(
    { category: 'esxi', numbered: true, description: 'The account that the gateway logs in with.', example: 'root' },
    text(256).optional(),
  ),
  ESXI_PASS: option(
    { category: 'esxi', numbered: true, description: 'Its password.', secret: true },
    secretText(1).optional(),
  ),
  ESXI_INSECURE: option(
    {
      category: 'esxi',
      numbered: true,
      description: 'Accept any certificate. Prefer ESXI_CA_FILE or ESXI_THUMBPRINT.',
      otherwise: 'false',
    },
    boolean().optional(),
  ),
  ESXI_CA_FILE: option(
    { category: 'esxi', numbered: true, description: 'PEM file with the authority that signed the certificate.' },
    absolutePath().optional(),
  ),
  ESXI_THUMBPRINT: option(
    {
      category: 'esxi',
      numbered: true,
      description:
        'SHA-256 or SHA-1 fingerprint of the one certificate to accept. Not inherited: each host has its own.',
    },
    thumbprint().optional(),
  ),
  ESXI_NETWORK: option(
    {
      category: 'esxi',
      numbered: true,
      description: 'Network for new network cards.',
      otherwise: '"VM Network", or the first one',
    },
    text(256).optional(),
  ),
};

const mcp = {
  MCP_TRANSPORT: option(
    {
      category: 'mcp',
      description:
        'streamable-http serves many people at /mcp; stdio serves one local user on standard input and output.',
    },
    oneOf(TRANSPORTS).prefault('streamable-http'),
  ),
  MCP_HOST: option(
    { category: 'mcp', description: 'Address to listen on. Without OAuth only a loopback address is accepted.' },
    listenAddress().prefault('127.0.0.1'),
  ),
  MCP_PORT: option(
    { category: 'mcp', description: 'Port to listen on; 0 takes a free one.' },
    integer(0, 65_535).prefault('8080'),
  ),
  MCP_ALLOWED_HOSTS: option(
    {
      category: 'mcp',
      description:
        'Further host names that this gateway goes by (without port), besides that of OAUTH_BASE_URL and, on a loopback address, the loopback names.',
      example: 'mcp.example.com,mcp.internal',
    },
    list(hostName).optional(),
  ),
  MCP_ALLOWED_ORIGINS: option(
    {
      category: 'mcp',
      description: 'Origins of web pages that may call this gateway, with commas between them.',
      example: 'https://app.example.com',
    },
    list(origin).optional(),
  ),
  MCP_TRUSTED_PROXIES: option(
    {
      category: 'mcp',
      description: 'Proxies whose X-Forwarded-For is believed: addresses or networks, with commas between them.',
      example: '10.0.0.5',
    },
    list(proxy).optional(),
  ),
  MCP_ALLOW_UNAUTHENTICATED: option(
    {
      category: 'mcp',
      description: 'Serve without OAuth on an address that others can reach. Everybody who reaches it is let in.',
    },
    boolean().prefault('false'),
  ),
  MCP_TOOLSETS: option(
    {
      category: 'mcp',
      description:
        'Toolsets to offer, with commas between them; docs/tools.md lists them. The set gateway always is. A URL may narrow further: /mcp?toolsets=power,snapshots',
      otherwise: 'all',
      example: 'lifecycle,power,snapshots',
    },
    list(toolset).optional(),
  ),
  MCP_READ_ONLY: option(
    {
      category: 'mcp',
      description:
        'Offer only the tools that change nothing, to everybody. A URL may ask for that: /mcp?read_only=true',
    },
    boolean().prefault('false'),
  ),
  MCP_FILES_DIR: option(
    {
      category: 'mcp',
      description:
        'Folder of this machine that tools may read files from and write files to; they reach nothing outside it, and follow no symbolic link. It has no quota: keep it off the disk of the audit record.',
      otherwise: 'none: tools reach no file of this machine',
      example: '/var/lib/mcvsphere/files',
    },
    absolutePath().optional(),
  ),
  OVA_URL_ALLOWLIST: option(
    {
      category: 'mcp',
      description:
        'From where OVA packages may be fetched: https origins, with the beginning of a path or without. Servers at private addresses need their network listed, too. Redirects are not followed.',
      otherwise: 'none: no URL is fetched',
      example: 'https://files.example.com/images/, 10.20.0.0/16',
    },
    list(downloadRule).optional(),
  ),
  MCP_SHUTDOWN_TIMEOUT_SECONDS: option(
    { category: 'mcp', description: 'How long calls under way may take to finish when the gateway is stopped.' },
    integer(0, 3600).prefault('30'),
  ),
};

const oauth = {
  OAUTH_ENABLED: option(
    { category: 'oauth', description: 'Ask everybody for an access token.' },
    boolean().prefault('false'),
  ),
  OAUTH_ISSUER_URL: option(
    {
      category: 'oauth',
      description: 'The OpenID provider, exactly as it names itself (issuer), a trailing slash included.',
      example: 'https://login.example.com/realms/company',
    },
    issuer().optional(),
  ),
  OAUTH_AUDIENCE: option(
    {
      category: 'oauth',
      description:
        'The aud of the access tokens that the provider itself issues for this gateway, for scripts and services: a name of its own, never the client id of an application that people log in with, since their ID tokens carry that. Optional with OAUTH_CLIENT_ID: without it such tokens are refused.',
      example: 'https://mcp.example.com/mcp',
    },
    text(1024).optional(),
  ),
  OAUTH_BASE_URL: option(
    {
      category: 'oauth',
      description: 'The origin under which clients reach this gateway. The endpoint is /mcp below it.',
      example: 'https://mcp.example.com',
    },
    publicOrigin().optional(),
  ),
  OAUTH_ALLOW_INSECURE: option(
    { category: 'oauth', description: 'Accept http: for issuer and base URL. For development only.' },
    boolean().prefault('false'),
  ),
  OAUTH_ALLOWED_ALGS: option(
    { category: 'oauth', description: 'Signature algorithms to accept; asymmetric ones only.' },
    list(algorithm).prefault('RS256,PS256,ES256,ES384,EdDSA,Ed25519'),
  ),
  OAUTH_USERNAME_CLAIM: option(
    {
      category: 'oauth',
      description: 'The claim (name or JSON Pointer) that holds the user name. A token without it is refused.',
      otherwise: 'the first of preferred_username, email and sub',
    },
    text(256).pipe(z.string().transform(claimPath)).optional(),
  ),
  OAUTH_GROUPS_CLAIM: option(
    {
      category: 'oauth',
      description:
        'Where the groups stand: claim names or JSON Pointers, with commas between them. The first that the token has counts.',
      example: '/realm_access/roles',
    },
    list(claimPath).prefault('groups'),
  ),
  OAUTH_GROUPS_SEPARATOR: option(
    {
      category: 'oauth',
      description: 'What stands between groups where the claim is one text. A space is written as the word space.',
      otherwise: 'a claim that is one text is one group',
      example: 'comma',
    },
    oneOf(['comma', 'space', 'semicolon', ',', ';']).optional(),
  ),
  OAUTH_GROUPS_STRIP_PREFIX: option(
    {
      category: 'oauth',
      description: 'Taken off the front of group names that begin with it; the others stay as they are.',
      example: '/',
    },
    text(256).optional(),
  ),
  OAUTH_GROUP_MAP_FILE: option(
    {
      category: 'oauth',
      description:
        'JSON file {"users": {"<sub or user name>": ["group", …]}, "groups": {"<group of the token>": ["group", …]}} that adds groups, for providers that send none or cryptic ones.',
      example: '/etc/mcvsphere/groups.json',
    },
    absolutePath().optional(),
  ),
};

const policy = {
  RBAC_POLICY_FILE: option(
    {
      category: 'policy',
      description: 'YAML or JSON file that maps further groups to levels and raises the level of tools.',
      otherwise: 'the default groups and levels',
      example: '/etc/mcvsphere/policy.yaml',
    },
    absolutePath().optional(),
  ),
  MCP_STDIO_GROUPS: option(
    { category: 'policy', description: 'Groups of the local user on stdio.' },
    list(groupName).prefault('vsphere-super-admins'),
  ),
  MCP_UNAUTHENTICATED_GROUPS: option(
    { category: 'policy', description: 'Groups of everybody who calls over HTTP while OAuth is off.' },
    list(groupName).prefault('vsphere-readers'),
  ),
};

const audit = {
  AUDIT_FILE: option(
    {
      category: 'audit',
      description: 'Where the audit record is written. Nothing is changed in vSphere while it cannot be.',
      otherwise: '$XDG_STATE_HOME/mcvsphere/audit.jsonl, and ~/.local/state for an unset XDG_STATE_HOME',
      example: '/var/lib/mcvsphere/audit.jsonl',
    },
    absolutePath().optional(),
  ),
  AUDIT_KEY: option(
    {
      category: 'audit',
      description: 'Key of the chain of records, at least 32 random characters, such as from: openssl rand -hex 32',
      secret: true,
      otherwise: 'a key made once and kept beside the audit file',
    },
    secretText(32).optional(),
  ),
  AUDIT_CHECKPOINT_FILE: option(
    {
      category: 'audit',
      description: 'Second place for signed checkpoints, best on another disk: only a copy elsewhere shows a cut end.',
      otherwise: 'standard output, except on stdio',
      example: '/mnt/audit/checkpoints.jsonl',
    },
    absolutePath().optional(),
  ),
};

const logging = {
  LOG_LEVEL: option(
    { category: 'logging', description: `How much is logged on standard error: ${LOG_LEVELS.join(', ')}.` },
    oneOf(LOG_LEVELS).prefault('info'),
  ),
};

export const options = z.object({ ...vcenter, ...esxi, ...mcp, ...oauth, ...login, ...policy, ...audit, ...logging });
export type OptionName = keyof typeof options.shape;
export type OptionValues = z.output<typeof options>;
export const OPTION_NAMES = Object.keys(options.shape) as OptionName[];
