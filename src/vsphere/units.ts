/** vSphere's units as people read them. Sizes are binary: 1 GB is 2^30 bytes, as vSphere's own clients count. */

const KIB = 1024;
export const MIB = KIB * 1024;
const GIB = MIB * 1024;

export function bytesToGb(bytes: number): number;
export function bytesToGb(bytes: number | undefined): number | undefined;
export function bytesToGb(bytes: number | undefined): number | undefined {
  return bytes === undefined ? undefined : round(bytes / GIB);
}

export function bytesToMb(bytes: number): number;
export function bytesToMb(bytes: number | undefined): number | undefined;
export function bytesToMb(bytes: number | undefined): number | undefined {
  return bytes === undefined ? undefined : round(bytes / MIB);
}

/** Two digits after the point. */
export function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** 0 to 100 with two digits; undefined where the whole is nothing or unknown. */
export function percent(part: number | undefined, whole: number | undefined): number | undefined {
  if (part === undefined || whole === undefined || whole <= 0) return undefined;
  return round((part / whole) * 100);
}

/** `1.5 GB` */
export function humanSize(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= KIB && unit < units.length - 1) {
    value /= KIB;
    unit++;
  }
  return `${unit === 0 ? value : round(value)} ${units[unit]}`;
}

/** `3d 4h 5m` */
export function humanDuration(seconds: number): string {
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor((seconds % 86_400) / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const parts = [days > 0 ? `${days}d` : '', days + hours > 0 ? `${hours}h` : '', `${minutes}m`];
  return parts.filter((part) => part !== '').join(' ');
}
