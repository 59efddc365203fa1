/** The check itself, line after line: what each record must be, given the one before, and what it means if it is not. */
import type { KeyObject } from 'node:crypto';
import { type ChainHead, GENESIS, hasValidHash, parseRecord } from './chain.ts';
import { hasValidSignature } from './checkpoint.ts';
import { type CheckpointCopy, isCheckpoint } from './checkpoint-file.ts';
import type { AuditKeys } from './keys.ts';
import type { Line } from './lines.ts';
import type { AuditRecord } from './record.ts';

type ProblemKind =
  | 'changed'
  | 'removed'
  | 'reordered'
  | 'added'
  | 'duplicated'
  | 'forked'
  | 'bad_signature'
  | 'wrong_key'
  | 'cut'
  | 'torn';

export interface ChainProblem {
  readonly kind: ProblemKind;
  /** In the file, from 1; of a cut tail, the line that is missing. */
  readonly line: number;
  readonly seq?: number;
  readonly id?: string;
  /** One plain sentence. */
  readonly detail: string;
}

interface Options {
  readonly keys: AuditKeys | undefined;
  readonly publicKey: KeyObject | undefined;
  readonly copies: readonly CheckpointCopy[];
}

interface Counted {
  readonly records: number;
  readonly firstSeq?: number;
  readonly lastSeq?: number;
  readonly checkpoints: number;
  readonly notes: readonly string[];
  readonly problem?: ChainProblem;
}

export function createChainCheck(options: Options) {
  return new ChainCheck(options);
}

const ID = /^[0-9a-f-]{36}$/;

class ChainCheck {
  readonly #keys: AuditKeys | undefined;
  readonly #publicKey: KeyObject | undefined;
  /** What the copies say the file must hold, by `seq`. */
  readonly #witnesses: Map<number, string>;
  readonly #lastWitness: number;
  readonly #notes: string[] = [];
  #head: ChainHead | undefined;
  #firstSeq: number | undefined;
  #records = 0;
  #genuine = 0;
  #checkpoints = 0;
  #foreignKey: string | undefined;
  #stopped = false;
  #problem: ChainProblem | undefined;

  constructor({ keys, publicKey, copies }: Options) {
    this.#keys = keys;
    this.#publicKey = publicKey;
    this.#witnesses = new Map(copies.map(({ seq, hash }) => [seq, hash]));
    this.#lastWitness = copies.reduce((last, { seq }) => Math.max(last, seq), 0);
  }

  readonly see = (line: Line): void => {
    if (!line.ended) {
      this.#report({ kind: 'torn', line: line.number, detail: `Line ${line.number} is torn: a write did not end.` });
      return;
    }
    this.#records += 1;
    const record = parseRecord(line.bytes);
    const genuine =
      record !== undefined && (this.#keys === undefined || hasValidHash(line.bytes, record, this.#keys.chain));
    if (genuine) this.#genuine += 1;
    else this.#foreignKey ??= this.#otherKeyOf(record);
    if (this.#problem !== undefined) {
      if (genuine) this.#reconsider(record);
      return;
    }
    if (genuine) this.#follow(record, line.number);
    else this.#reportChanged(record, line.number);
  };

  end(): Counted {
    if (this.#records > 0 && this.#genuine === 0) this.#reportWrongKey();
    this.#checkTail();
    if (this.#problem === undefined && this.#records > 0 && !this.#stopped) {
      this.#notes.push('The file does not end with a stop: its writer runs, or was killed.');
    }
    return {
      records: this.#records,
      ...(this.#firstSeq === undefined ? {} : { firstSeq: this.#firstSeq }),
      ...(this.#head === undefined ? {} : { lastSeq: this.#head.seq }),
      checkpoints: this.#checkpoints,
      notes: this.#notes,
      ...(this.#problem === undefined ? {} : { problem: this.#problem }),
    };
  }

  /** A record that was truly written: is this its place? */
  #follow(record: AuditRecord, line: number): void {
    const before = this.#head ?? this.#start(record);
    const next = before.seq + 1;
    const at = { line, seq: record.seq, ...idOf(record) };
    if (record.seq < next) {
      this.#report({ kind: 'duplicated', ...at, detail: `Line ${line} repeats record ${name(record)}.` });
    } else if (record.seq > next) {
      const missing = record.seq - 1 === next ? `Record ${next} was` : `Records ${next} to ${record.seq - 1} were`;
      this.#report({ kind: 'removed', line, seq: next, detail: `${missing} removed before line ${line}.` });
    } else if (record.prev !== before.hash) {
      const detail = `Line ${line}, record ${name(record)}, does not follow the record before it: another chain goes on here.`;
      this.#report({ kind: 'forked', ...at, detail });
    } else {
      this.#accept(record, line);
    }
  }

  #accept(record: AuditRecord, line: number): void {
    const witness = this.#witnesses.get(record.seq);
    if (witness !== undefined && witness !== record.hash) {
      const detail = `Line ${line}, record ${name(record)}, is not the record that the copied checkpoints know.`;
      this.#report({ kind: 'changed', line, seq: record.seq, ...idOf(record), detail });
      return;
    }
    if (record.event === 'CHECKPOINT' && !this.#hasGoodCheckpoint(record)) {
      const detail = `Line ${line}, checkpoint ${name(record)}, has a bad signature.`;
      this.#report({ kind: 'bad_signature', line, seq: record.seq, ...idOf(record), detail });
      return;
    }
    if (record.event === 'STOP') this.#stopped = true;
    else if (record.event !== 'CHECKPOINT') this.#stopped = false;
    this.#firstSeq ??= record.seq;
    this.#head = { seq: record.seq, hash: record.hash };
  }

  /** Where the file's chain begins: at its first record, or where a file before it ended, if a checkpoint says so. */
  #start(record: AuditRecord): ChainHead {
    const { checkpoint } = record;
    const continues = isCheckpoint(checkpoint) && checkpoint.opens_file === true;
    if (!continues || checkpoint.last_seq !== record.seq - 1 || checkpoint.head !== record.prev) return GENESIS;
    this.#notes.push(`The file goes on where an earlier one ended, after record ${checkpoint.last_seq}.`);
    return { seq: checkpoint.last_seq, hash: checkpoint.head };
  }

  #hasGoodCheckpoint(record: AuditRecord): boolean {
    const { checkpoint } = record;
    if (!isCheckpoint(checkpoint)) return false;
    if (checkpoint.last_seq !== record.seq - 1 || checkpoint.head !== record.prev) return false;
    if (this.#publicKey === undefined) return true;
    if (!hasValidSignature(checkpoint, this.#publicKey)) return false;
    this.#checkpoints += 1;
    return true;
  }

  #reportChanged(record: AuditRecord | undefined, line: number): void {
    const detail =
      record === undefined
        ? `Line ${line} is no record.`
        : `Line ${line}, record ${name(record)}, was changed after it was written.`;
    this.#report({ kind: 'changed', line, seq: (this.#head?.seq ?? 0) + 1, ...idOf(record), detail });
  }

  /** A genuine record after the first problem may tell what kind of problem it was. */
  #reconsider(record: AuditRecord): void {
    const { kind, line, seq } = this.#problem!;
    const expected = (this.#head?.seq ?? 0) + 1;
    if (record.seq !== expected || record.prev !== (this.#head ?? GENESIS).hash) return;
    // The record that belongs in this place comes later after all.
    if (kind === 'changed') {
      this.#problem = { kind: 'added', line, detail: `Line ${line} was added: the gateway did not write it.` };
    } else if (kind === 'removed') {
      const detail = `Record ${name(record)} was moved: it stands after line ${line}, where it does not belong.`;
      this.#problem = { kind: 'reordered', line, ...(seq === undefined ? {} : { seq }), ...idOf(record), detail };
    }
  }

  #reportWrongKey(): void {
    const other = this.#foreignKey === undefined ? '' : `: the file names key ${this.#foreignKey}`;
    this.#problem = { kind: 'wrong_key', line: 1, detail: `No record was written with this key${other}.` };
  }

  #checkTail(): void {
    const last = this.#head?.seq ?? 0;
    // A problem before the end is the first one; a torn line is what cutting leaves behind.
    if (this.#lastWitness <= last || (this.#problem !== undefined && this.#problem.kind !== 'torn')) return;
    const detail = `The tail was cut after record ${last}: the copied checkpoints know record ${this.#lastWitness}.`;
    this.#problem = { kind: 'cut', line: this.#records + 1, seq: last + 1, detail };
  }

  #otherKeyOf(record: AuditRecord | undefined): string | undefined {
    const keyId = record?.key_id ?? record?.checkpoint?.key_id;
    return typeof keyId === 'string' && /^[0-9a-f]{16}$/.test(keyId) && keyId !== this.#keys?.keyId ? keyId : undefined;
  }

  #report(problem: ChainProblem): void {
    this.#problem ??= problem;
  }
}

/** An id of the file is shown only if it looks like one. */
function idOf(record: AuditRecord | undefined): { id?: string } {
  return record !== undefined && ID.test(record.id) ? { id: record.id } : {};
}

function name(record: AuditRecord): string {
  return ID.test(record.id) ? `${record.seq} (${record.id})` : String(record.seq);
}
