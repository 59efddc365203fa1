/** What guests answer, in words for the person who asked. */
import { GatewayError } from '../lib/errors.ts';
import { isFault } from './faults.ts';
import { quoted } from './names.ts';

/**
 * A fault of a guest that says more to a person who knows the file and the user; every other error as it is.
 *
 * @param path what was asked about
 * @param username who asked, in the guest
 */
export function explainGuestFault(error: unknown, path: string, username: string): unknown {
  if (!isFault(error)) return error;
  const say = (code: ConstructorParameters<typeof GatewayError>[0], message: string) =>
    new GatewayError(code, message, { cause: error });
  const named = quoted(path);
  if (isFault(error, 'FileNotFound')) return say('NOT_FOUND', `There is no ${named} in the guest.`);
  if (isFault(error, 'FileAlreadyExists')) return say('INVALID_INPUT', `${named} exists already in the guest.`);
  if (isFault(error, 'CannotAccessFile')) {
    return say('PERMISSION_DENIED', `The guest's user ${quoted(username)} may not access ${named}.`);
  }
  if (isFault(error, 'NotADirectory')) return say('INVALID_INPUT', `${named} is not a directory.`);
  if (isFault(error, 'NotAFile')) return say('INVALID_INPUT', `${named} is a directory and no file.`);
  if (isFault(error, 'DirectoryNotEmpty')) return say('INVALID_STATE', `The directory ${named} is not empty.`);
  return error;
}
