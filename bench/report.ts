/** The lines that a benchmark prints. */

export function heading(text: string): void {
  process.stdout.write(`\n${text}\n`);
}

export function explain(text: string): void {
  process.stdout.write(`  ${text}\n`);
}

export function line(label: string, value: string, target?: string): void {
  process.stdout.write(`  ${label.padEnd(58)} ${value}${target === undefined ? '' : `   (target ${target})`}\n`);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function ratio(values: readonly number[]): string {
  const each = values.map((value) => value.toFixed(2)).join(' ');
  return `${median(values).toFixed(2)}  [${each}]`;
}
