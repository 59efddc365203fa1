/** printf: a format, used again until the arguments are used up. */
import { type Programs, UsageError } from '../shell/state.ts';

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

export function unescapeText(text: string): string {
  return text.replace(/\\(?:0?([0-7]{1,3})|x([0-9a-fA-F]{1,2})|(.))/gs, (whole, octal, hex, other) => {
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff);
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    return ESCAPES[other] ?? whole;
  });
}

const MAX_WIDTH = 1000;

export const printfPrograms: Programs = {
  printf(call) {
    const [format, ...args] = call.args;
    if (format === undefined) throw new UsageError('usage: printf format [arguments]', 2);
    let failed = false;
    let used = 0;
    do {
      const before = used;
      call.out.write(
        format.replace(
          /%(%|([-0 +]*)(\d*)(?:\.(\d+))?([a-zA-Z]))|(\\(?:0?[0-7]{1,3}|x[0-9a-fA-F]{1,2}|.))/gs,
          (whole, directive, flags = '', width = '', precision, kind, escaped) => {
            if (escaped !== undefined) return unescapeText(escaped);
            if (directive === '%') return '%';
            const arg = args[used++];
            const made = formatted(kind, arg ?? '', precision);
            if (made === undefined) {
              failed = true;
              return whole;
            }
            const size = Math.min(Number(width), MAX_WIDTH);
            if (flags.includes('-')) return made.padEnd(size);
            return made.padStart(size, flags.includes('0') && kind !== 's' ? '0' : ' ');
          },
        ),
      );
      if (used === before) break;
    } while (used < args.length);
    return Number(failed);
  },
};

function formatted(kind: string, arg: string, precision: string | undefined): string | undefined {
  const digits = precision === undefined ? undefined : Math.min(Number(precision), 50);
  switch (kind) {
    case 's':
      return digits === undefined ? arg : arg.slice(0, digits);
    case 'b':
      return unescapeText(arg);
    case 'c':
      return arg.slice(0, 1);
    case 'd':
    case 'i':
    case 'u':
      return String(Math.trunc(Number(arg) || 0));
    case 'x':
      return Math.trunc(Number(arg) || 0).toString(16);
    case 'X':
      return Math.trunc(Number(arg) || 0)
        .toString(16)
        .toUpperCase();
    case 'o':
      return Math.trunc(Number(arg) || 0).toString(8);
    case 'f':
      return (Number(arg) || 0).toFixed(digits ?? 6);
    default:
      return undefined;
  }
}
