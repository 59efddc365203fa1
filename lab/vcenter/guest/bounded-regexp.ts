/** Regular expressions that somebody else wrote: what does not come to an end is ended. */
import { runInNewContext } from 'node:vm';

const MAX_MS = 200;
const MAX_PATTERN = 1000;

/** The expression cannot be read, or takes too long. */
export class BadPattern extends Error {
  readonly tookTooLong: boolean;

  constructor(message: string, tookTooLong = false) {
    super(message);
    this.tookTooLong = tookTooLong;
  }
}

/** Which of the texts match. Errors: `BadPattern`. */
export function matching(pattern: string, flags: string, texts: readonly string[]): boolean[] {
  if (pattern.length > MAX_PATTERN) throw new BadPattern('the pattern is too long');
  try {
    new RegExp(pattern, flags);
    const context = { pattern, flags, texts: JSON.stringify(texts) };
    const answer: unknown = runInNewContext(
      'const r = new RegExp(pattern, flags); JSON.stringify(JSON.parse(texts).map((text) => r.test(text)))',
      context,
      { timeout: MAX_MS },
    );
    return JSON.parse(String(answer)) as boolean[];
  } catch (error) {
    const tookTooLong = (error as { code?: unknown }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
    throw new BadPattern(error instanceof Error ? error.message : 'the pattern cannot be read', tookTooLong);
  }
}
