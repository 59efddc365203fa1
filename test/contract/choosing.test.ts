/**
 * Whether a tool is found by what people say: the requests of choosing.json against names and descriptions, ranked by
 * BM25 (Robertson and Zaragoza 2009, §3.3). A model reads better than that; what even this finds, no model misses.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { tools } from '../../src/tools/index.ts';

interface Wish {
  readonly request: string;
  readonly tool: string;
}

const WISHES = JSON.parse(readFileSync(new URL('./choosing.json', import.meta.url), 'utf8')) as readonly Wish[];
const AMONG_FIRST = 3;
const LEAST_SHARE = 0.9;

/** Saturation of a word's count, and how much a long description counts less: the usual values. */
const K1 = 1.2;
const B = 0.75;

const IDLE = new Set(
  'a an and are as at be by do does for from has have i in into is it its me my of on or s show so tell that the their this to was what which who with you'.split(
    ' ',
  ),
);

const documents = tools.map(({ name, description }) => ({ name, words: wordsOf(`${name} ${name} ${description}`) }));
const meanLength = documents.reduce((sum, { words }) => sum + words.length, 0) / documents.length;

describe('the requests', () => {
  it('are at least 60, each once, with every kind of tool among them', () => {
    expect(new Set(WISHES.map(({ request }) => request)).size).toBe(WISHES.length);
    expect(WISHES.length).toBeGreaterThanOrEqual(60);
  });

  it('name tools that exist', () => {
    const names = tools.map(({ name }) => name);
    expect(WISHES.map(({ tool }) => tool).filter((tool) => !names.includes(tool))).toEqual([]);
  });

  it(`find their tool among the first ${AMONG_FIRST}, at least ${LEAST_SHARE * 100} of 100`, () => {
    const missed = WISHES.flatMap(({ request, tool }) => {
      const first = rank(request).slice(0, AMONG_FIRST);
      return first.includes(tool) ? [] : [`${request} → ${first.join(', ')}, not ${tool}`];
    });
    expect(1 - missed.length / WISHES.length, missed.join('\n')).toBeGreaterThanOrEqual(LEAST_SHARE);
  });
});

function rank(request: string): string[] {
  const wanted = [...new Set(wordsOf(request))];
  return documents
    .map(({ name, words }) => ({ name, score: wanted.reduce((sum, word) => sum + weight(word, words), 0) }))
    .sort((a, b) => b.score - a.score || (a.name < b.name ? -1 : 1))
    .map(({ name }) => name);
}

function weight(word: string, words: readonly string[]): number {
  const count = words.filter((each) => each === word).length;
  const having = documents.filter((document) => document.words.includes(word)).length;
  const rarity = Math.log(1 + (documents.length - having + 0.5) / (having + 0.5));
  return (rarity * count * (K1 + 1)) / (count + K1 * (1 - B + (B * words.length) / meanLength));
}

/** In lower case, without what every sentence has, and without the endings of plurals and verbs. */
function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '' && !IDLE.has(word))
    .map((word) => word.replace(/(?<=[a-z]{2}[^s])s$/, '').replace(/(?<=[a-z]{3})(ing|ed)$/, ''));
}
