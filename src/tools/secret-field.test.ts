import { expect, it } from 'vitest';
import { z } from 'zod';
import { Secret } from '../lib/secret.ts';
import { secret, secretFields } from './secret-field.ts';

const shape = { name: z.string(), password: secret('Guest password'), content: secret('File').optional() };

it('parses a secret to what cannot be printed', () => {
  const { password } = z.strictObject(shape).parse({ name: 'vm', password: 'hunter2' });
  expect(password).toBeInstanceOf(Secret);
  expect(password.reveal()).toBe('hunter2');
  expect(`${password} ${JSON.stringify({ password })}`).not.toContain('hunter2');
});

it('knows the secret arguments of a tool, optional ones too', () => {
  expect([...secretFields(shape)]).toEqual(['password', 'content']);
});

it('shows a client a plain string argument', () => {
  const schema = z.toJSONSchema(z.strictObject(shape), { io: 'input' });
  expect(schema.properties?.password).toMatchObject({ type: 'string', description: 'Guest password', writeOnly: true });
});
