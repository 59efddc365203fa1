/** Amounts with the programmatic units of DSP0004, as OVF has them: `byte * 2^20`. */

const NAMED: Readonly<Record<string, number>> = {
  byte: 1,
  bytes: 1,
  kilobytes: 2 ** 10,
  kb: 2 ** 10,
  megabytes: 2 ** 20,
  mb: 2 ** 20,
  gigabytes: 2 ** 30,
  gb: 2 ** 30,
};

/** Undefined for what is no amount, or one that a number cannot hold. */
export function bytesOf(amount: string, units: string): number | undefined {
  const factor = factorOf(units);
  const bytes = /^\d{1,18}$/.test(amount.trim()) && factor !== undefined ? Number(amount) * factor : undefined;
  return bytes !== undefined && Number.isSafeInteger(bytes) ? bytes : undefined;
}

function factorOf(units: string): number | undefined {
  const text = units.trim().toLowerCase();
  const power = /^byte\s*\*\s*(\d{1,4})\s*\^\s*(\d{1,2})$/.exec(text);
  if (power) return Number(power[1]) ** Number(power[2]);
  return Object.hasOwn(NAMED, text) ? NAMED[text] : undefined;
}
