/** `mcvsphere audit`: can the record be trusted? */
import { Command } from 'commander';
import { readKeyFile } from '../audit/keys.ts';
import { verifyAuditFile } from '../audit/verify.ts';
import { processAuditKey } from '../config/audit-key.ts';

export function auditCommand(): Command {
  const verify = new Command('verify')
    .description(
      'Check an audit file offline: exits with 0 where every record is as it was written. ' +
        'The key is AUDIT_KEY, AUDIT_KEY_FILE, or the key file beside the audit file.',
    )
    .argument('<file>', 'the audit file')
    .option('--key-file <file>', 'the key file, where it is elsewhere')
    .option('--checkpoints <file>', 'AUDIT_CHECKPOINT_FILE: only a copy elsewhere shows that a tail was cut')
    .action(async (file: string, options: { keyFile?: string; checkpoints?: string }) => {
      const key = await keyFor(file, options.keyFile);
      const report = await verifyAuditFile(file, { key, checkpointFile: options.checkpoints });
      process.stdout.write(`${report.summary}\n`);
      for (const note of report.notes) process.stdout.write(`Note: ${note}\n`);
      if (!report.ok) process.exitCode = 1;
    });
  return new Command('audit').description('Work with the audit record.').addCommand(verify);
}

async function keyFor(file: string, keyFile: string | undefined) {
  if (keyFile !== undefined) return readKeyFile(keyFile);
  return processAuditKey() ?? readKeyFile(`${file}.key`);
}
