/** The clients that people log in with, behind one interface. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { type Desk, walk } from './desk.ts';
import { createKeptLogin } from './kept-login.ts';
import { CLAUDE, INSPECTOR, installed, MCP_REMOTE, moveIn, NODE, run } from './program.ts';
import { startScriptedModel } from './scripted-model.ts';

export interface PeerOptions {
  /** What the person typed in. */
  readonly mcp: string;
  readonly desk: Desk;
  /** A folder for it alone; it may be missing. */
  readonly home: string;
}

/** One person's client. */
export interface Peer {
  tools(): Promise<readonly string[]>;
  /** Calls a tool without arguments and gives the text of its result; rejects where it cannot. */
  call(tool: string): Promise<string>;
  /** Ends its session at the gateway, where the program can. */
  giveBack?(): Promise<void>;
  close(): Promise<void>;
}

export interface PeerKind {
  readonly name: string;
  readonly here: boolean;
  /** Who ends the session of one of its people. */
  readonly endedBy: 'the program' | 'the operator' | 'the provider';
  /** Logs in as whoever sits at the desk. */
  logIn(options: PeerOptions): Promise<Peer>;
}

const SELF = { name: 'client-of-the-tests', version: '1.0.0' };

export const PEERS: readonly PeerKind[] = [
  { name: "the SDK's OAuth provider", here: true, endedBy: 'the program', logIn: logInWithSdk },
  { name: 'mcp-remote', here: installed(NODE, MCP_REMOTE), endedBy: 'the operator', logIn: logInWithRemote },
  {
    name: "the Inspector's command line",
    here: installed(NODE, INSPECTOR),
    endedBy: 'the provider',
    logIn: logInWithInspector,
  },
  { name: 'Claude Code', here: installed(CLAUDE), endedBy: 'the operator', logIn: logInWithClaude },
];

async function logInWithSdk({ mcp, desk }: PeerOptions): Promise<Peer> {
  const login = createKeptLogin(async (url) => {
    const person = desk.show();
    return person === undefined
      ? undefined
      : (await walk(url, person, ({ pathname }) => pathname === login.path)).next?.searchParams;
  });
  const connect = async (again = true): Promise<Client> => {
    const client = new Client(SELF, { versionNegotiation: { mode: 'auto' } });
    const transport = new StreamableHTTPClientTransport(new URL(mcp), { authProvider: login.provider });
    try {
      await client.connect(transport);
      return client;
    } catch (error) {
      const answer = login.answer();
      if (answer === undefined || !again) throw error;
      await transport.finishAuth(answer);
      return connect(false);
    }
  };
  return { ...over(await connect()), giveBack: login.giveBack };
}

async function logInWithRemote({ mcp, desk, home }: PeerOptions): Promise<Peer> {
  const env = await moveIn(home, desk);
  const args = [MCP_REMOTE, mcp, '--host', '127.0.0.1', '--transport', 'http-only', '--silent'];
  const client = new Client(SELF);
  await client.connect(new StdioClientTransport({ command: NODE, args, env, cwd: home, stderr: 'ignore' }));
  return over(client);
}

function over(client: Client): Peer {
  return {
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    async call(name) {
      const { content, isError } = await client.callTool({ name, arguments: {} });
      if (isError) throw new Error(JSON.stringify(content));
      return (content[0] as { text: string }).text;
    },
    close: () => client.close(),
  };
}

async function logInWithInspector({ mcp, desk, home }: PeerOptions): Promise<Peer> {
  const env = {
    ...(await moveIn(home, desk)),
    MCP_AUTO_OPEN_ENABLED: 'true',
    // There is no keychain on a machine without a desktop.
    MCP_INSPECTOR_SECRET_STORE: 'file',
  };
  const callback = 'http://127.0.0.1:0/oauth/callback';
  const target = ['--server-url', mcp, '--transport', 'http', '--callback-url', callback, '--format', 'json'];
  const ask = async (...args: string[]) => {
    const { code, stdout, stderr } = await run(NODE, [INSPECTOR, '--cli', ...target, ...args], env);
    if (code !== 0) throw new Error(`the Inspector ended with ${code}: ${stdout}${stderr}`);
    const line = stdout.split('\n').find((text) => text.startsWith('{')) ?? stdout;
    return (JSON.parse(line) as { result: { tools: { name: string }[]; content: { text: string }[] } }).result;
  };
  await ask('--method', 'tools/list');
  return {
    tools: async () => (await ask('--method', 'tools/list', '--stored-auth-only')).tools.map(({ name }) => name),
    async call(tool) {
      const { content } = await ask('--method', 'tools/call', '--tool-name', tool, '--stored-auth-only');
      return content[0]?.text ?? '';
    },
    close: async () => {},
  };
}

async function logInWithClaude({ mcp, desk, home }: PeerOptions): Promise<Peer> {
  const model = await startScriptedModel();
  const env = {
    ...(await moveIn(home, desk)),
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
    ANTHROPIC_BASE_URL: model.url,
    ANTHROPIC_API_KEY: 'the scripted model asks for none',
    // All tools are offered to the model at once.
    ENABLE_TOOL_SEARCH: 'false',
    MCP_CONNECTION_NONBLOCKING: 'false',
  };
  const claude = async (command: string, args: readonly string[]) => {
    const { code, stdout, stderr } = await run(command, args, env);
    if (code !== 0) throw new Error(`Claude Code ended with ${code}: ${stdout}${stderr}`);
    return stdout;
  };
  const say = (tool: string) => {
    const name = `mcp__vsphere__${tool}`;
    return claude(CLAUDE, ['-p', `call ${name}`, '--allowedTools', name]);
  };
  await claude(CLAUDE, ['mcp', 'add', '-t', 'http', 'vsphere', mcp]);
  // It wants a terminal, which script(1) is for it.
  await claude('script', ['-qec', `'${CLAUDE}' mcp login vsphere`, '/dev/null']);
  return {
    async tools() {
      model.offered();
      await say('nothing');
      const prefix = 'mcp__vsphere__';
      return model
        .offered()
        .filter((name) => name.startsWith(prefix))
        .map((name) => name.slice(prefix.length));
    },
    async call(tool) {
      const text = await say(tool);
      const result = JSON.parse(text) as { type?: string; is_error?: boolean; content?: string };
      if (result.type !== 'tool_result' || result.is_error) throw new Error(text);
      return String(result.content);
    },
    giveBack: async () => void (await claude(CLAUDE, ['mcp', 'logout', 'vsphere'])),
    close: model.close,
  };
}
