import type { z } from 'zod';
import { plainText } from '../lib/plain-text.ts';
import type { Stage } from './call.ts';
import { InvalidRequestError } from './errors.ts';

const MOST_PROBLEMS = 10;

/** Checks the arguments with the tool's schema and tells every problem by the argument's name, never by its value. */
export const validateInput: Stage = async (call, next) => {
  const parsed = call.tool.input.safeParse(call.args);
  if (!parsed.success) throw new InvalidRequestError(problems(call.tool.name, parsed.error));
  call.input = parsed.data;
  return next();
};

function problems(tool: string, { issues }: z.ZodError): string {
  const told = issues.slice(0, MOST_PROBLEMS).map(({ path, message }) => {
    const name = path.length === 0 ? 'arguments' : path.map(String).join('.');
    return `${plainText(name, 80)}: ${plainText(message, 200)}`;
  });
  const rest = issues.length - told.length;
  return `${tool}: ${told.join('; ')}${rest > 0 ? `; and ${rest} more` : ''}`;
}
