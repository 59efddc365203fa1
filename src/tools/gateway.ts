/** The gateway itself: whom it takes the caller for, which servers it manages, and what these are. */
import { z } from 'zod';
import { GatewayError } from '../lib/errors.ts';
import { nearestName } from '../lib/nearest-name.ts';
import { includesLevel, LEVEL_DESCRIPTIONS, PERMISSION_LEVELS } from '../policy/levels.ts';
import { quoted, shown } from '../vsphere/names.ts';
import { cursor, limit } from './fields.ts';
import { ascending, page, pageFields } from './page.ts';
import { defineGatewayTool, defineTool, type GatewayContext, type Tool } from './tool.ts';

const text = z.string().optional();

export const getVcenterInfo = defineTool({
  name: 'get_vcenter_info',
  title: 'Get vCenter info',
  description:
    'Product, version, build and API version of one managed server, a vCenter or a standalone ESXi. For the version of an ESXi host under a vCenter use get_host_info.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: {},
  output: {
    name: z.string(),
    full_name: z.string(),
    vendor: z.string(),
    version: z.string(),
    build: z.string(),
    os_type: z.string(),
    api_type: z.string().describe('VirtualCenter or HostAgent'),
    api_version: z.string(),
    instance_uuid: text,
  },
  async handler(_given, { vsphere: { about } }) {
    return {
      name: about.name,
      full_name: about.fullName,
      vendor: about.vendor,
      version: about.version,
      build: about.build,
      os_type: about.osType,
      api_type: about.apiType,
      api_version: about.apiVersion,
      instance_uuid: about.instanceUuid,
    };
  },
});

export const listServers = defineGatewayTool({
  name: 'list_servers',
  title: 'List managed servers',
  description:
    'The vCenters and standalone ESXi hosts behind this gateway, which is the default, and which are connected (each connects on first use). Their names are what the argument host takes. ESXi hosts of a vCenter are in list_hosts.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: { limit, cursor },
  output: {
    servers: z.array(
      z.object({
        host: z.string(),
        address: z.string(),
        kind: z.string().describe('vcenter or esxi'),
        user: z.string().describe('Service account'),
        network: text.describe('Network for new VMs, where configured'),
        insecure: z.boolean().describe('TLS is not verified'),
        default: z.boolean(),
        connected: z.boolean(),
        error: text,
      }),
    ),
    ...pageFields,
  },
  async handler(given, { servers }) {
    const configured = servers.list().map((server, index) => ({ ...server, index }));
    const { items, ...rest } = page('servers', configured, ({ index }) => ascending(index), given);
    const listed = items.map((server) => ({
      host: server.name,
      address: server.host,
      kind: server.kind,
      user: server.user,
      network: server.network,
      insecure: server.insecure,
      default: server.default,
      connected: server.connected,
      error: server.lastError,
    }));
    return { servers: listed, ...rest };
  },
});

const level = z.enum(PERMISSION_LEVELS);
const MOST_GROUPS = 50;

export const whoami = defineGatewayTool({
  name: 'whoami',
  title: 'Who am I',
  description:
    'Whom the gateway takes you for: user, groups, permission levels, what each level allows and which tools need it. With tool it says whether you may use that one and, if not, what is missing and which groups grant it.',
  permission: 'READ_ONLY',
  effect: 'read',
  input: { tool: z.string().min(1).max(128).optional().describe('Name of a tool, also of one that is not listed.') },
  output: {
    user: z.string(),
    subject: z.string(),
    issuer: z.string(),
    client: text,
    groups: z.array(z.object({ group: z.string(), level: level.optional().describe('Absent: unknown here') })),
    groups_total: z.int(),
    highest_level: level.optional(),
    levels: z.array(
      z.object({
        level,
        granted: z.boolean(),
        allows: z.string(),
        granting_groups: z.array(z.string()),
        tools: z.array(z.string()),
      }),
    ),
    tool: z
      .object({ name: z.string(), allowed: z.boolean(), required_level: level, explanation: z.string() })
      .optional(),
  },
  async handler({ tool }, context) {
    const { caller, policy } = context;
    return {
      user: shown(caller.user),
      subject: shown(caller.sub),
      issuer: shown(caller.iss, 300),
      client: caller.clientId === undefined ? undefined : shown(caller.clientId),
      groups: groupsOf(context),
      groups_total: caller.groups.length,
      highest_level: policy.highestLevel(caller.groups),
      levels: levelsOf(context),
      tool: tool === undefined ? undefined : explain(tool, context),
    };
  },
});

/** Those that mean something here first. */
function groupsOf({ caller, policy }: GatewayContext) {
  const groups = [...new Set(caller.groups)].map((group) => ({
    group: shown(group, 300),
    level: policy.highestLevel([group]),
  }));
  return groups
    .sort((a, b) => Number(b.level !== undefined) - Number(a.level !== undefined) || (a.group < b.group ? -1 : 1))
    .slice(0, MOST_GROUPS);
}

function levelsOf({ caller, policy, tools }: GatewayContext) {
  const granted = policy.levelsOf(caller.groups);
  const needed = tools.map((tool) => ({ name: tool.name, level: policy.requiredLevel(actionOf(tool)) }));
  return PERMISSION_LEVELS.map((each) => ({
    level: each,
    granted: granted.includes(each),
    allows: LEVEL_DESCRIPTIONS[each],
    granting_groups: policy
      .groups()
      .filter((row) => includesLevel(row.level, each))
      .slice(0, MOST_GROUPS)
      .map((row) => row.group),
    tools: needed.filter((tool) => tool.level === each).map(({ name }) => name),
  }));
}

function explain(name: string, { caller, policy, tools }: GatewayContext) {
  const tool = tools.find((each) => each.name === name || each.aliases?.includes(name) === true);
  if (tool === undefined) {
    const near = nearestName(
      name,
      tools.map((each) => each.name),
    );
    const hint = near === undefined ? '' : ` Did you mean ${quoted(near)}?`;
    throw new GatewayError('NOT_FOUND', `This gateway has no tool ${quoted(name)}.${hint}`);
  }
  const decision = policy.decide(caller, actionOf(tool));
  return {
    name: tool.name,
    allowed: decision.allowed,
    required_level: decision.allowed ? decision.level : decision.required,
    explanation: decision.allowed
      ? `${tool.name} needs ${decision.level}, which your group ${quoted(decision.group)} grants.`
      : decision.message,
  };
}

function actionOf({ name, permission }: Tool) {
  return { kind: 'tool', name, level: permission } as const;
}
