/** What is on a VM's screen: its name, its state and a login prompt. */
import { unescapeName } from '../inventory/names.ts';
import type { Vm } from '../vm/subject.ts';
import { GLYPH_HEIGHT, GLYPH_WIDTH, hasDot } from './font.ts';
import type { Picture } from './png.ts';

export interface ScreenSize {
  readonly width: number;
  readonly height: number;
}

export const DEFAULT_SIZE: ScreenSize = { width: 1024, height: 768 };

const BACKGROUND = 16;
const BRIGHT = 240;
const DIM = 150;

export function pictureOf(vm: Vm, size: ScreenSize): Picture {
  const name = unescapeName(vm.get('name'));
  const guest = vm.get('guest');
  const lines: readonly [text: string, shade: number][] = [
    [name, BRIGHT],
    [vm.get('runtime').powerState === 'poweredOn' ? 'Powered on' : 'Suspended', DIM],
    [guest?.guestFullName ?? vm.get('config')?.guestFullName ?? '', DIM],
    [`${guest?.hostName ?? 'localhost'} login: _`, BRIGHT],
  ];
  const dots = new Uint8Array(size.width * size.height).fill(BACKGROUND);
  const longest = Math.max(...lines.map(([text]) => text.length), 1);
  const scale = Math.max(
    1,
    Math.floor(Math.min(size.width / ((longest + 2) * (GLYPH_WIDTH + 1)), size.height / 60, 4)),
  );
  const lineHeight = (GLYPH_HEIGHT + 4) * scale;
  lines.forEach(([text, shade], index) => {
    draw({ ...size, dots }, text, { left: 4 * scale, top: 4 * scale + index * lineHeight, scale, shade });
  });
  return { ...size, dots };
}

interface Stroke {
  readonly left: number;
  readonly top: number;
  readonly scale: number;
  readonly shade: number;
}

function draw({ width, height, dots }: Picture, text: string, { left, top, scale, shade }: Stroke): void {
  [...text].forEach((letter, index) => {
    const at = left + index * (GLYPH_WIDTH + 1) * scale;
    for (let row = 0; row < GLYPH_HEIGHT * scale; row++) {
      for (let column = 0; column < GLYPH_WIDTH * scale; column++) {
        const [x, y] = [at + column, top + row];
        if (x >= width || y >= height) continue;
        if (hasDot(letter, Math.floor(column / scale), Math.floor(row / scale))) dots[y * width + x] = shade;
      }
    }
  });
}
