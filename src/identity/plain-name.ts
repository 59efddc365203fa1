const LONGEST = 256;

/**
 * Whether a name from outside can stand in a record and on a screen and be read as what it is: 1 to 256
 * characters, no control character, no line separator, nothing that hides text or turns its direction.
 */
export function isPlainName(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length > 0 &&
    value.length <= LONGEST &&
    value.isWellFormed() &&
    !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(value)
  );
}
