/**
 * Trust in one certificate by its thumbprint, in place of a certificate authority.
 *
 * With a pin, exactly the pinned certificate is accepted: no chain, no host name, no dates. That is what an
 * administrator compares by hand, and what ESXi hosts and leases name (SHA-1, so both lengths are taken).
 */

export interface Thumbprint {
  readonly algorithm: 'sha1' | 'sha256';
  /** Upper-case hexadecimal, without colons. */
  readonly hex: string;
}

/** `AA:BB:…` or `aabb…`; undefined for what is neither a SHA-1 nor a SHA-256. */
export function parseThumbprint(text: string): Thumbprint | undefined {
  const hex = text.replaceAll(/[:\s]/g, '').toUpperCase();
  if (!/^[0-9A-F]+$/.test(hex)) return undefined;
  if (hex.length === 40) return { algorithm: 'sha1', hex };
  return hex.length === 64 ? { algorithm: 'sha256', hex } : undefined;
}

/** Whether the presented certificate is the pinned one; never for a connection that presented none. */
export function matchesThumbprint(
  { algorithm, hex }: Thumbprint,
  certificate: { readonly fingerprint?: string; readonly fingerprint256?: string },
): boolean {
  const presented = algorithm === 'sha1' ? certificate.fingerprint : certificate.fingerprint256;
  return presented !== undefined && presented.replaceAll(':', '').toUpperCase() === hex;
}
