import { expect, it } from 'vitest';
import { plainText } from './plain-text.ts';

it('takes out what moves a cursor, hides or reverses text, and keeps every script', () => {
  expect(plainText('vm\u001b[2J\r\n\u202egpj\u2066\u200b', 80)).toBe('vm [2J gpj');
  expect(plainText('größe 仮想 машина 🖥', 80)).toBe('größe 仮想 машина 🖥');
});

it('cuts what is longer than asked', () => {
  expect(plainText('a'.repeat(100), 10)).toBe(`${'a'.repeat(10)}…`);
});
