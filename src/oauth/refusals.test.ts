/** What reaches the record of many refusals: all of them, in few lines. */
import { describe, expect, it } from 'vitest';
import { createLogger } from '../lib/logger.ts';
import type { LoginEntry } from './recorder.ts';
import { createRefusals, type Refusal } from './refusals.ts';

function parts() {
  const entries: LoginEntry[] = [];
  let passed = 0;
  let wake: (() => void) | undefined;
  let failing = false;
  let hanging = false;
  const clock = {
    now: () => passed,
    monotonic: () => passed,
    sleep: (_ms: number, signal?: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        wake = resolve;
        signal?.addEventListener('abort', () => reject(signal.reason as Error));
      }),
  };
  const recorder = {
    async record(entry: LoginEntry) {
      if (hanging) await new Promise((resolve) => setTimeout(resolve, 1));
      if (failing || hanging) throw new Error('the audit file is full');
      entries.push(entry);
    },
  };
  let requests = 0;
  const refusals = createRefusals({ recorder, clock, logger: createLogger('silent') });
  return {
    entries,
    refusals,
    /** As `fail`, but not at once. */
    hang(yes: boolean) {
      hanging = yes;
    },
    fail(yes: boolean) {
      failing = yes;
    },
    note(more: Partial<Refusal> = {}) {
      requests += 1;
      const common = { endpoint: '/authorize', reason: 'unknown_client', src_ip: '192.0.2.1' };
      return refusals.note({ ...common, request_id: `r-${requests}`, ...more });
    },
    /** To the end of the minute, and until what was counted is written. */
    async minute() {
      passed += 60_000;
      wake?.();
      await new Promise(setImmediate);
    },
    all: () => entries.reduce((sum, { count = 1 }) => sum + count, 0),
  };
}

const person = (sub: string) => ({ sub, iss: 'https://login.example.com', user: `user ${sub}` });

describe('refusals', () => {
  it('stand on the record one by one, under the number of their answers, while they are few', async () => {
    const { note, entries } = parts();
    await note({ event: 'CONSENT', error_code: 'invalid_client' });
    await note({ endpoint: '/mcp', reason: 'signature' });
    expect(entries).toEqual([
      expect.objectContaining({ event: 'CONSENT', request_id: 'r-1', error_code: 'invalid_client' }),
      expect.objectContaining({ event: 'REFUSED', request_id: 'r-2', endpoint: '/mcp', reason: 'signature' }),
    ]);
    expect(entries.some(({ count }) => count !== undefined)).toBe(false);
  });

  it('of one address become one entry a minute for each reason, with how many and the first of them', async () => {
    const { note, entries, minute, all } = parts();
    for (let i = 0; i < 5_000; i += 1) await note(i % 2 ? {} : { reason: 'redirect_uri' });
    const before = entries.length;
    expect(before).toBeLessThan(100);
    await minute();
    expect(entries.slice(before)).toEqual([
      expect.objectContaining({ event: 'REFUSED', reason: 'redirect_uri', src_ip: '192.0.2.1', request_id: 'r-61' }),
      expect.objectContaining({ event: 'REFUSED', reason: 'unknown_client', duration_ms: 60_000, request_id: 'r-62' }),
    ]);
    expect(all()).toBe(5_000);
    await note();
    expect(entries.at(-1)).toMatchObject({ event: 'REFUSED', request_id: 'r-5001' });
  });

  it('of a hundred thousand addresses are few entries a minute all the same, and none is left out', async () => {
    const { note, entries, minute, all } = parts();
    for (let i = 0; i < 100_000; i += 1) await note({ src_ip: `2001:db8:${(i >> 8).toString(16)}:${i & 255}::1` });
    await minute();
    expect(entries.length).toBeLessThan(400);
    expect(all()).toBe(100_000);
    expect(entries.at(-1)).toMatchObject({ event: 'REFUSED', reason: 'many_refusals' });
  });

  it('of one IPv6 network are those of one', async () => {
    const { note, entries } = parts();
    for (let i = 0; i < 500; i += 1) await note({ src_ip: `2001:db8:1:1::${i.toString(16)}` });
    expect(entries.length).toBeLessThan(100);
    await note({ src_ip: '2001:db8:1:2::1' });
    expect(entries.at(-1)).toMatchObject({ request_id: 'r-501' });
  });

  it('of strangers take no place from those of people who are known', async () => {
    const { note, entries } = parts();
    for (let i = 0; i < 10_000; i += 1) await note({ src_ip: `10.0.${i >> 8}.${i & 255}` });
    await note({ ...person('a-1'), endpoint: '/mcp', reason: 'expired' });
    await note({ sid: 'session', endpoint: '/mcp', reason: 'session_ended' });
    expect(entries.slice(-2)).toEqual([
      expect.objectContaining({ user: 'user a-1', reason: 'expired', request_id: 'r-10001' }),
      expect.objectContaining({ sid: 'session', reason: 'session_ended', request_id: 'r-10002' }),
    ]);
  });

  it('of one person who is known have a bound too, and leave room for the others', async () => {
    const { note, entries, minute, all } = parts();
    for (let i = 0; i < 3_000; i += 1) await note({ ...person('a-1'), endpoint: '/mcp', reason: 'expired' });
    expect(entries.length).toBeLessThan(50);
    await note({ ...person('b-2'), endpoint: '/mcp', reason: 'expired' });
    expect(entries.at(-1)).toMatchObject({ user: 'user b-2' });
    await minute();
    expect(entries.at(-1)).toMatchObject({ event: 'REFUSED', user: 'user a-1', sub: 'a-1', reason: 'expired' });
    expect(all()).toBe(3_001);
  });

  it('that could not be written are counted, and written when they can', async () => {
    const { note, entries, minute, fail, all } = parts();
    fail(true);
    for (let i = 0; i < 10; i += 1) await note();
    await minute();
    expect(entries).toEqual([]);
    await note();
    fail(false);
    await minute();
    expect(entries).toEqual([expect.objectContaining({ event: 'REFUSED', request_id: 'r-1', count: 11 })]);
    expect(all()).toBe(11);
  });

  it('that come while what was counted cannot be written stay within the bound, however long that goes on', async () => {
    const { note, entries, minute, hang, fail, all } = parts();
    hang(true);
    for (let round = 0; round < 30; round += 1) {
      const written = minute();
      const notes = Array.from({ length: 400 }, (_, i) => note({ src_ip: `10.${round}.${i >> 8}.${i & 255}` }));
      await Promise.all([written, ...notes]);
    }
    expect(entries).toEqual([]);
    hang(false);
    fail(false);
    await minute();
    await minute();
    expect(entries.length).toBeLessThan(110);
    expect(all()).toBe(12_000);
  });

  it('that were counted are written when the gateway stops', async () => {
    const { note, refusals, all } = parts();
    for (let i = 0; i < 1_000; i += 1) await note();
    expect(all()).toBeLessThan(1_000);
    await refusals.close();
    expect(all()).toBe(1_000);
  });
});

describe('consents', () => {
  const from = (src_ip: string, request_id = 'r') => ({ client_id: 'registered-1', src_ip, request_id });

  it('stand on the record one by one while they are few, and do not count where that cannot be', async () => {
    const { refusals, entries, fail } = parts();
    await refusals.consent(from('192.0.2.1', 'c-1'));
    const record = { event: 'CONSENT', result: 'success', client_id: 'registered-1', src_ip: '192.0.2.1' };
    expect(entries).toEqual([{ ...record, request_id: 'c-1' }]);
    fail(true);
    await expect(refusals.consent(from('192.0.2.1'))).rejects.toThrow('full');
  });

  it('of a hundred thousand addresses are few entries a minute, which count them all', async () => {
    const { refusals, entries, minute, all } = parts();
    for (let i = 0; i < 100_000; i += 1) {
      await refusals.consent(from(`2001:db8:${(i >> 8).toString(16)}:${i & 255}::1`, `c-${i}`));
    }
    await minute();
    expect(entries.length).toBeLessThan(400);
    expect(all()).toBe(100_000);
    expect(new Set(entries.map(({ event }) => event))).toEqual(new Set(['CONSENT']));
    expect(entries.at(-1)).toMatchObject({ result: 'success', reason: 'many_consents', request_id: 'c-350' });
  });

  it('and refusals take no place from each other', async () => {
    const { refusals, note, entries } = parts();
    for (let i = 0; i < 1_000; i += 1) await refusals.consent(from(`10.0.${i >> 8}.${i & 255}`));
    await note();
    expect(entries.at(-1)).toMatchObject({ event: 'REFUSED', request_id: 'r-1' });
    const other = parts();
    for (let i = 0; i < 1_000; i += 1) await other.note({ src_ip: `10.1.${i >> 8}.${i & 255}` });
    await other.refusals.consent(from('192.0.2.1', 'c-1'));
    expect(other.entries.at(-1)).toMatchObject({ event: 'CONSENT', request_id: 'c-1' });
  });
});
