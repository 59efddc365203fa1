/**
 * A process that writes an audit log until it is ended, for tests that kill it. Prints its file, then the id of each
 * record that was acknowledged, and the code of each refusal.
 */
import { writeSync } from 'node:fs';
import { openAuditLog } from '../../src/audit/audit-log.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { GatewayError } from '../../src/lib/errors.ts';
import type { Logger } from '../../src/lib/logger.ts';
import { Secret } from '../../src/lib/secret.ts';

const [file, key] = process.argv.slice(2) as [string, string];
const quiet = () => {};
const logger = { warn: quiet, error: quiet, info: quiet, debug: quiet } as unknown as Logger;
const say = (line: string) => writeSync(1, `${line}\n`);

const log = await openAuditLog({
  file,
  key: key === '' ? undefined : new Secret(key),
  clock: systemClock,
  logger,
  version: 'test',
}).catch((error: unknown) => {
  say(`closed ${error instanceof GatewayError ? error.code : error}`);
  process.exit(3);
});
say(`file ${log.file}`);

async function write(worker: number): Promise<void> {
  for (let i = 0; ; i += 1) {
    try {
      const args = { worker, i, text: 'x'.repeat((i * 37) % 400) };
      const intent = await log.append({ event: 'TOOL_INTENT', tool: 'power_on', args });
      say(`record ${intent.id}`);
      const end = await log.append({ event: 'TOOL_OUTCOME', tool: 'power_on', result: 'success', intent: intent.id });
      say(`record ${end.id}`);
    } catch (error) {
      say(`refused ${error instanceof GatewayError ? error.code : error}`);
      await systemClock.sleep(20);
    }
  }
}
await Promise.all([1, 2, 3, 4].map(write));
