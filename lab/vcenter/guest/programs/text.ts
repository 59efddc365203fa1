/** cat, head, tail, wc, sort, uniq, tee, seq, yes. */
import type { ProgramCall, Programs } from '../shell/state.ts';
import { UsageError } from '../shell/state.ts';
import { countOf, eachOperand, inputsOf, linesOf, optionsOf, pathOf } from './options.ts';

const MAX_YES = 64 * 1024;
const MAX_SEQUENCE = 500_000;

/** `head -5` is `head -n 5`. */
function withCount(call: ProgramCall): ProgramCall {
  return { ...call, args: call.args.map((arg) => arg.replace(/^-(\d+)$/, '-n$1')) };
}

function headings(names: readonly string[], write: (text: string) => void): (index: number) => void {
  return (index) => {
    if (names.length > 1) write(`${index > 0 ? '\n' : ''}==> ${names[index]} <==\n`);
  };
}

function joined(lines: readonly string[]): string {
  return lines.length > 0 ? `${lines.join('\n')}\n` : '';
}

function countsOf(bytes: Buffer): readonly [lines: number, words: number, bytes: number] {
  const text = bytes.toString();
  return [text.split('\n').length - 1, text.split(/\s+/).filter((word) => word !== '').length, bytes.length];
}

export const textPrograms: Programs = {
  cat(call) {
    const { has, operands } = optionsOf(call, 'nu');
    const { inputs, failed } = inputsOf(call, operands);
    let line = 0;
    for (const { bytes } of inputs) {
      if (!has('n')) call.out.write(bytes);
      else for (const text of linesOf(bytes)) call.out.write(`${String(++line).padStart(6)}\t${text}\n`);
    }
    return Number(failed);
  },
  head(call) {
    const { value, operands } = optionsOf(withCount(call), '', 'nc');
    const { inputs, failed } = inputsOf(call, operands);
    const heading = headings(operands, (text) => call.out.write(text));
    inputs.forEach(({ bytes }, index) => {
      heading(index);
      const size = value('c');
      if (size !== undefined) call.out.write(bytes.subarray(0, Math.max(0, countOf(size, 0))));
      else call.out.write(joined(linesOf(bytes).slice(0, countOf(value('n'), 10))));
    });
    return Number(failed);
  },
  tail(call) {
    const { value, operands } = optionsOf(withCount(call), 'f', 'nc');
    const { inputs, failed } = inputsOf(call, operands);
    const heading = headings(operands, (text) => call.out.write(text));
    inputs.forEach(({ bytes }, index) => {
      heading(index);
      const size = value('c');
      if (size !== undefined) {
        call.out.write(bytes.subarray(Math.max(0, bytes.length - Math.abs(countOf(size, 0)))));
        return;
      }
      const lines = linesOf(bytes);
      const count = value('n') ?? '10';
      const from = count.startsWith('+') ? countOf(count, 1) - 1 : lines.length - Math.abs(countOf(count, 10));
      call.out.write(joined(lines.slice(Math.max(0, from))));
    });
    return Number(failed);
  },
  wc(call) {
    const { has, operands } = optionsOf(call, 'lwc');
    const { inputs, failed } = inputsOf(call, operands);
    const all = !(has('l') || has('w') || has('c'));
    const columns = (['l', 'w', 'c'] as const).map((flag) => all || has(flag));
    const rows = inputs.map(({ name, bytes }) => ({ name, counts: countsOf(bytes) }));
    if (rows.length > 1) {
      const total = [0, 1, 2].map((column) => rows.reduce((sum, { counts }) => sum + counts[column]!, 0));
      rows.push({ name: 'total', counts: [total[0]!, total[1]!, total[2]!] });
    }
    const single = columns.filter(Boolean).length === 1 && rows.length === 1;
    for (const { name, counts } of rows) {
      const shown = counts
        .filter((_, column) => columns[column])
        .map((count) => String(count).padStart(single ? 0 : 7));
      call.out.write(`${shown.join(' ')}${name === '' ? '' : ` ${name}`}\n`);
    }
    return Number(failed);
  },
  sort(call) {
    const { has, operands } = optionsOf(call, 'rnu');
    const { inputs, failed } = inputsOf(call, operands);
    const lines = inputs.flatMap(({ bytes }) => linesOf(bytes));
    const numeric = (line: string) => Number.parseFloat(line) || 0;
    lines.sort((a, b) => (has('n') ? numeric(a) - numeric(b) : a < b ? -1 : Number(a > b)));
    if (has('r')) lines.reverse();
    call.out.write(joined(has('u') ? lines.filter((line, index) => line !== lines[index - 1]) : lines));
    return Number(failed);
  },
  uniq(call) {
    const { has, operands } = optionsOf(call, 'c');
    const { inputs, failed } = inputsOf(call, operands.slice(0, 1));
    const runs: { line: string; count: number }[] = [];
    for (const line of inputs.flatMap(({ bytes }) => linesOf(bytes))) {
      const last = runs.at(-1);
      if (last?.line === line) last.count++;
      else runs.push({ line, count: 1 });
    }
    const shown = runs.map(({ line, count }) => (has('c') ? `${String(count).padStart(7)} ${line}` : line));
    call.out.write(joined(shown));
    return Number(failed);
  },
  tee(call) {
    const { has, operands } = optionsOf(call, 'a');
    call.out.write(call.stdin);
    return Number(
      eachOperand(call, operands, (path) => {
        call.execution.files.write(pathOf(call, path), call.stdin, { append: has('a') });
      }),
    );
  },
  seq(call) {
    const numbers = call.args.map(Number);
    if (numbers.length === 0) throw new UsageError('missing operand');
    if (numbers.length > 3 || numbers.some((number) => !Number.isFinite(number)))
      throw new UsageError('invalid operand');
    const [first, step, last] = (
      numbers.length === 1 ? [1, 1, ...numbers] : numbers.length === 2 ? [numbers[0], 1, numbers[1]] : numbers
    ) as [number, number, number];
    if (step === 0) throw new UsageError('invalid Zero increment value');
    const count = Math.floor((last - first) / step) + 1;
    if (count > MAX_SEQUENCE) throw new UsageError('the sequence is too long');
    call.out.write(joined(Array.from({ length: Math.max(0, count) }, (_, index) => String(first + index * step))));
    return 0;
  },
  /** Real ones never end: this one says it often enough for whoever reads. */
  yes(call) {
    const line = `${call.args.join(' ') || 'y'}\n`;
    call.out.write(line.repeat(Math.max(1, Math.floor(MAX_YES / line.length))));
    return 0;
  },
};
