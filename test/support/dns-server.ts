/**
 * A name server (RFC 1035) on loopback that says what a test lets it say: the other end of a resolver's real
 * questions. It is somebody's authoritative server and the company's resolver in one, so CNAME chains come in one
 * answer.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIP } from 'node:net';

export interface Question {
  readonly name: string;
  readonly type: 'A' | 'AAAA' | 'other';
}

/** Addresses or, after `CNAME `, the next name of a chain; a word for a failure; nothing for no answer at all. */
export type DnsAnswer = readonly string[] | 'NXDOMAIN' | 'SERVFAIL' | 'garbage' | undefined;

export interface DnsServer {
  /** As `Resolver.setServers` takes it. */
  readonly address: string;
  /** All that was asked, the oldest first. */
  readonly questions: readonly Question[];
  close(): Promise<void>;
}

const TYPES = { 1: 'A', 28: 'AAAA' } as const;
const CODES = { NXDOMAIN: 3, SERVFAIL: 2 } as const;

/** @param answer each question in turn; what it gives for the other family of addresses is left out by itself */
export async function startDnsServer(
  answer: (question: Question) => DnsAnswer | Promise<DnsAnswer>,
): Promise<DnsServer> {
  const questions: Question[] = [];
  const socket = createSocket('udp4');
  let open = true;
  socket.on('message', async (message, from) => {
    const { question, end } = read(message);
    questions.push(question);
    const said = await answer(question);
    if (said !== undefined && open) socket.send(reply(message, end, question, said), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    address: `127.0.0.1:${socket.address().port}`,
    questions,
    async close() {
      open = false;
      socket.close();
      await once(socket, 'close');
    },
  };
}

function read(message: Buffer): { question: Question; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = message[at]!; length > 0; length = message[at]!) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const type = TYPES[message.readUInt16BE(at + 1) as keyof typeof TYPES] ?? 'other';
  return { question: { name: labels.join('.').toLowerCase(), type }, end: at + 5 };
}

function reply(message: Buffer, end: number, { name, type }: Question, said: Exclude<DnsAnswer, undefined>): Buffer {
  if (said === 'garbage')
    return Buffer.concat([message.subarray(0, 2), Buffer.from([0x81, 0x80, 0, 9, 0, 9]), message]);
  const head = Buffer.from(message.subarray(0, end));
  head.writeUInt16BE(0x8180 + (typeof said === 'string' ? CODES[said] : 0), 2);
  const records: Buffer[] = [];
  let owner = name;
  for (const entry of typeof said === 'string' ? [] : said) {
    if (entry.startsWith('CNAME ')) {
      const next = entry.slice(6);
      records.push(record(owner, 5, encoded(next)));
      owner = next;
    } else if (isIP(entry) === (type === 'A' ? 4 : 6)) {
      records.push(record(owner, type === 'A' ? 1 : 28, bytesOf(entry)));
    }
  }
  // One question, these answers, and nothing further.
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(records.length, 6);
  head.writeUInt32BE(0, 8);
  return Buffer.concat([head, ...records]);
}

function record(owner: string, type: number, data: Buffer): Buffer {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(type, 0);
  // Class IN, and a time to live of zero: whoever keeps it all the same is seen to.
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([encoded(owner), fixed, data]);
}

function encoded(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  return Buffer.concat([...labels, Buffer.from([0])]);
}

function bytesOf(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number));
  // The parser of URLs spells it in one way, without a dotted end.
  const [left = '', right = ''] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split('::');
  const groups = (text: string) => text.split(':').filter((group) => group !== '');
  const missing = Array.from({ length: 8 - groups(left).length - groups(right).length }, () => '0');
  const data = Buffer.alloc(16);
  for (const [index, group] of [...groups(left), ...missing, ...groups(right)].entries()) {
    data.writeUInt16BE(Number.parseInt(group, 16), index * 2);
  }
  return data;
}
