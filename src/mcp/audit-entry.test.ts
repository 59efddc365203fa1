import { describe, expect, it } from 'vitest';
import { withoutUrlSecrets } from './audit-entry.ts';

describe('withoutUrlSecrets', () => {
  it.each([
    ['https://files.example.com/a.ova?X-Amz-Signature=abc&x=1', 'https://files.example.com/a.ova?…'],
    ['https://files.example.com/a.ova#token=abc', 'https://files.example.com/a.ova#…'],
    ['https://ann:secret@files.example.com/a.ova', 'https://…@files.example.com/a.ova'],
    ['https://ann:se@cret@files.example.com', 'https://…@files.example.com'],
    [' HTTPS://ann:secret@files.example.com/a.ova?k=\nabc', 'HTTPS://…@files.example.com/a.ova?…'],
    ['https:\\\\ann:secret@files.example.com\\a.ova', 'https:\\\\…@files.example.com\\a.ova'],
  ])('keeps neither login nor query of %j', (given, recorded) => {
    expect(withoutUrlSecrets(given)).toBe(recorded);
  });

  it.each([
    'web01',
    '/DC0/vm/prod/web01',
    '[nfs] images/what?.ova',
    'https://files.example.com/images/a.ova',
    'curl https://ann:secret@files.example.com/a',
  ])('leaves %j as it is', (given) => {
    expect(withoutUrlSecrets(given)).toBe(given);
  });
});
