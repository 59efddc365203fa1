/**
 * Leave to read or to write one file of a guest, given out as the address that it is fetched from or sent to.
 *
 * An address is good for one transfer that succeeds and for ten minutes (FileTransferInformation.url). Its token is
 * all that is asked for: no session, as with a host of vSphere's.
 */
import { randomUUID, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../../src/lib/clock.ts';
import type { GuestFiles, NewAttributes } from './files/file-system.ts';

export interface Transfer {
  readonly vm: string;
  readonly direction: 'from' | 'to';
  readonly path: string;
  /** As the user sees them who asked. */
  readonly files: GuestFiles;
  /** Bytes, of a file that is to come. */
  readonly size: number;
  readonly overwrite: boolean;
  /** Of a file that is to come. */
  readonly attributes: NewAttributes;
}

export interface Transfers {
  /** The query of its address: `id=7&token=…`. */
  offer(transfer: Transfer): string;
  /** Undefined for what was never offered, is used up, is under way or came too late. */
  begin(id: string, token: string): Transfer | undefined;
  /** @param succeeded otherwise it may be tried again */
  end(id: string, succeeded: boolean): void;
  /** The VM's guest is gone. */
  forget(vm: string): void;
}

const VALID_MS = 10 * 60_000;
const MAX_OFFERED = 1_000;

interface Offered {
  readonly transfer: Transfer;
  readonly token: string;
  readonly until: number;
  busy: boolean;
}

export function createTransfers(clock: Clock): Transfers {
  const offered = new Map<string, Offered>();
  let lastId = 0;
  return {
    offer(transfer) {
      const now = clock.monotonic();
      for (const [id, { until }] of offered) if (until <= now || offered.size >= MAX_OFFERED) offered.delete(id);
      const id = String(++lastId);
      const token = randomUUID();
      offered.set(id, { transfer, token, until: now + VALID_MS, busy: false });
      return `id=${id}&token=${token}`;
    },
    begin(id, token) {
      const entry = offered.get(id);
      if (!entry || entry.busy || entry.until <= clock.monotonic() || !isSame(entry.token, token)) return undefined;
      entry.busy = true;
      return entry.transfer;
    },
    end(id, succeeded) {
      const entry = offered.get(id);
      if (!entry) return;
      if (succeeded) offered.delete(id);
      else entry.busy = false;
    },
    forget(vm) {
      for (const [id, { transfer }] of offered) if (transfer.vm === vm) offered.delete(id);
    },
  };
}

function isSame(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
}
