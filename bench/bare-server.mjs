// The yardstick: the SDK's low-level server on node:http with a fixed tool list and a fixed answer, and nothing else.
// Plain JavaScript, so that it runs as Node.js runs it. Gets `{ tools, result }` as JSON in the file that its one
// argument names, and prints the port it listens on.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, Server } from '@modelcontextprotocol/server';
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/server/validators/ajv';

const { tools, result } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const list = { tools };
// Made once, as the gateway does: the yardstick is the SDK at its best.
const options = { capabilities: { tools: {} }, jsonSchemaValidator: new AjvJsonSchemaValidator() };

const endpoint = createMcpHandler(() => {
  const server = new Server({ name: 'bare', version: '1.0.0' }, options);
  server.setRequestHandler('tools/list', async () => list);
  server.setRequestHandler('tools/call', async () => result);
  return server;
});

const http = createServer(toNodeHandler(endpoint));
http.listen(0, '127.0.0.1', () => process.stdout.write(`${http.address().port}\n`));
process.stdin.on('end', () => process.exit()).resume();
