/** What the command takes. */
import { Command, CommanderError, InvalidArgumentError } from 'commander';

export interface DemoOptions {
  readonly vms: number;
  /** Two standalone hosts instead of a vCenter. */
  readonly esxi: boolean;
  /** Tasks take seconds. */
  readonly slow: boolean;
  /** Of the gateway; 0: a free one. */
  readonly port: number;
}

const MOST_VMS = 20_000;

/** The options, or the exit code where there is nothing left to do: the help was asked for, or a mistake was told. */
export function readOptions(args: readonly string[]): DemoOptions | number {
  const command = new Command('npm run demo --')
    .description('A vCenter, an identity provider and the gateway between them, on this computer, to try things out.')
    .option('--vms <number>', 'how many VMs there are', whole('VMs', MOST_VMS), 40)
    .option('--esxi', 'two standalone ESXi hosts instead of a vCenter', false)
    .option('--slow', 'tasks take seconds, so that their progress shows', false)
    .option('--port <number>', 'where the gateway listens; 0 takes a free one', whole('port', 65_535), 8080)
    .allowExcessArguments(false)
    .exitOverride();
  try {
    return command.parse([...args], { from: 'user' }).opts<DemoOptions & Record<string, unknown>>();
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    throw error;
  }
}

function whole(what: string, most: number) {
  return (text: string): number => {
    const value = Number(text);
    if (/^\d{1,6}$/.test(text) && value <= most) return value;
    throw new InvalidArgumentError(`${what}: a whole number up to ${most}.`);
  };
}
