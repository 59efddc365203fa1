/** What every page must be, on a phone and on a desk, in the light and in the dark. Pictures go to results/pages. */
import { mkdirSync } from 'node:fs';
import axe, { type AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

const PICTURES = 'results/pages';
const WIDTHS = [360, 1280] as const;
const SCHEMES = ['light', 'dark'] as const;

/** @param name of the picture */
export async function expectGoodLooks(page: Page, name: string): Promise<void> {
  mkdirSync(PICTURES, { recursive: true });
  await page.evaluate(axe.source);
  for (const colorScheme of SCHEMES) {
    for (const width of WIDTHS) {
      const look = `${name}, ${colorScheme}, ${width} px`;
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      await page.screenshot({ path: `${PICTURES}/${name}-${colorScheme}-${width}.png`, fullPage: true });
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), `${look}: width`).toBe(true);
      expect(await violations(page), look).toEqual([]);
    }
  }
}

async function violations(page: Page): Promise<string[]> {
  const results: AxeResults = await page.evaluate('axe.run(document, { rules: { "target-size": { enabled: true } } })');
  return results.violations.flatMap(({ id, help, nodes }) => nodes.map(({ html }) => `${id}: ${help}: ${html}`));
}
