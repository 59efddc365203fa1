/** Paths in guests, checked before a guest is asked. */
import { GatewayError } from '../lib/errors.ts';
import type { GuestFamily } from './guest-command-line.ts';
import { quoted } from './names.ts';

const ABSOLUTE: Readonly<Record<GuestFamily, RegExp>> = {
  posix: /^\//,
  windows: /^(?:[A-Za-z]:[\\/]|\\\\[^\\/]+[\\/][^\\/]+)/,
};

/** What Windows has in no name; the colon of the drive is the only one, as another begins a stream. */
const NOT_IN_WINDOWS = /[<>"|?*]|^..+:/;
const EXAMPLE: Readonly<Record<GuestFamily, string>> = { posix: '/var/log/syslog', windows: 'C:\\Temp\\report.txt' };

/** The path as it was given. Errors: INVALID_INPUT for one that does not begin at the root, or no file can have. */
export function guestPath(path: string, family: GuestFamily): string {
  const fits = ABSOLUTE[family].test(path) && !/\p{Cc}/u.test(path);
  if (fits && !(family === 'windows' && NOT_IN_WINDOWS.test(path))) return path;
  throw new GatewayError('INVALID_INPUT', `${quoted(path)} is no full path of this guest, like ${EXAMPLE[family]}.`);
}

export function joinGuestPath(folder: string, name: string, family: GuestFamily): string {
  const separator = family === 'windows' ? '\\' : '/';
  return /[\\/]$/.test(folder) ? folder + name : folder + separator + name;
}

/** The last name of a path. */
export function guestBaseName(path: string, family: GuestFamily): string {
  const names = path.split(family === 'windows' ? /[\\/]/ : '/').filter((name) => name !== '');
  return names.at(-1) ?? '';
}
