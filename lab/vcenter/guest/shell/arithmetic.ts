/** `$((i + 1))`: whole numbers, variables, and the operators of C that scripts use (POSIX.1-2017, 2.6.4). */

export class ArithmeticError extends Error {}

const TOKEN = /\s*(?:(\d{1,15})|\$?\{?([A-Za-z_]\w*)\}?|\$(\d)|(<=|>=|==|!=|&&|\|\||[-+*/%()<>!]))/y;
const MAX_TOKENS = 500;

const LEVELS: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['==', '!='],
  ['<', '<=', '>', '>='],
  ['+', '-'],
  ['*', '/', '%'],
];

/** @param parameter of a variable or a positional parameter. Errors: `ArithmeticError`. */
export function calculate(text: string, parameter: (name: string) => string | undefined): number {
  const tokens = tokensOf(text);
  let at = 0;
  const level = (index: number): number => {
    if (index === LEVELS.length) return unary();
    let left = level(index + 1);
    for (let operator = tokens[at]; LEVELS[index]!.includes(String(operator)); operator = tokens[at]) {
      at++;
      left = applied(String(operator), left, level(index + 1));
    }
    return left;
  };
  const unary = (): number => {
    const token = tokens[at++];
    if (token === '-') return -unary();
    if (token === '+') return unary();
    if (token === '!') return Number(unary() === 0);
    if (token === '(') {
      const inner = level(0);
      if (tokens[at++] !== ')') throw new ArithmeticError('missing )');
      return inner;
    }
    if (typeof token === 'number') return token;
    if (token === undefined || !/^\w/.test(token)) throw new ArithmeticError('expecting primary');
    const value = (parameter(token) ?? '').trim() || '0';
    if (!/^-?\d{1,15}$/.test(value)) throw new ArithmeticError(`Illegal number: ${value.slice(0, 40)}`);
    return Number(value);
  };
  if (tokens.length === 0) return 0;
  const result = level(0);
  if (at < tokens.length) throw new ArithmeticError('syntax error');
  return result;
}

function tokensOf(text: string): (string | number)[] {
  const tokens: (string | number)[] = [];
  TOKEN.lastIndex = 0;
  for (let end = 0; text.slice(end).trim() !== ''; end = TOKEN.lastIndex) {
    TOKEN.lastIndex = end;
    const [whole, digits, name, positional, operator] = TOKEN.exec(text) ?? [];
    if (whole === undefined || tokens.length >= MAX_TOKENS) throw new ArithmeticError('syntax error');
    tokens.push(digits === undefined ? (name ?? positional ?? operator)! : Number(digits));
  }
  return tokens;
}

function applied(operator: string, a: number, b: number): number {
  if ((operator === '/' || operator === '%') && b === 0) throw new ArithmeticError('division by zero');
  const result = {
    '+': a + b,
    '-': a - b,
    '*': a * b,
    '/': Math.trunc(a / b),
    '%': a % b,
    '<': Number(a < b),
    '<=': Number(a <= b),
    '>': Number(a > b),
    '>=': Number(a >= b),
    '==': Number(a === b),
    '!=': Number(a !== b),
    '&&': Number(a !== 0 && b !== 0),
    '||': Number(a !== 0 || b !== 0),
  }[operator];
  if (result === undefined || !Number.isSafeInteger(result)) throw new ArithmeticError('number out of range');
  // Never a negative zero.
  return result + 0;
}
