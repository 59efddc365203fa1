/** date: the time by the lab's clock, in UTC. */
import { type Programs, UsageError } from '../shell/state.ts';

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** @param format as strftime has it: `%Y-%m-%d` */
function formatTime(at: number, format: string): string {
  const time = new Date(at);
  const iso = time.toISOString();
  const day = DAYS[time.getUTCDay()]!;
  const month = MONTHS[time.getUTCMonth()]!;
  const values: Readonly<Record<string, string>> = {
    Y: iso.slice(0, 4),
    m: iso.slice(5, 7),
    d: iso.slice(8, 10),
    e: String(time.getUTCDate()).padStart(2),
    H: iso.slice(11, 13),
    M: iso.slice(14, 16),
    S: iso.slice(17, 19),
    N: `${iso.slice(20, 23)}000000`,
    F: iso.slice(0, 10),
    T: iso.slice(11, 19),
    s: String(Math.floor(at / 1000)),
    a: day.slice(0, 3),
    A: day,
    b: month.slice(0, 3),
    B: month,
    Z: 'UTC',
    z: '+0000',
    '%': '%',
    n: '\n',
  };
  return format.replace(/%([a-zA-Z%])/g, (whole, letter) => values[letter] ?? whole);
}

export const datePrograms: Programs = {
  date({ args, out, execution }) {
    const now = execution.machine.clock.now();
    const format = args.find((arg) => arg.startsWith('+'))?.slice(1);
    const iso = args.find((arg) => /^(-I|--iso-8601)/.test(arg));
    const unknown = args.find((arg) => !/^(\+|-u$|--utc$|-I|--iso-8601)/.test(arg));
    if (unknown !== undefined) throw new UsageError(`invalid date '${unknown.slice(0, 80)}'`);
    const seconds = iso?.includes('s') ? '%FT%T+00:00' : '%F';
    out.write(`${formatTime(now, format ?? (iso ? seconds : '%a %b %e %H:%M:%S %Z %Y'))}\n`);
    return 0;
  },
};
