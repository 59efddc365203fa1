import { describe, expect, it } from 'vitest';
import { html, textOf } from './html.ts';

describe('a template', () => {
  it('lets nothing that is put into it be markup, in text or in an attribute', () => {
    const evil = `</p><script>alert('1')</script>"onload=x &amp; \``;
    const made = textOf(html`<p title="${evil}">${evil}</p>`);
    expect(made.match(/[<>]/g)).toHaveLength(4);
    expect(made.match(/"/g)).toHaveLength(2);
    expect(made).not.toMatch(/['`]/);
  });

  it('keeps what templates made, and leaves out what is absent', () => {
    expect(textOf(html`<ul>${['a', '<b>'].map((x) => html`<li>${x}</li>`)}${undefined}</ul>${3}`)).toBe(
      '<ul><li>a</li><li>&#60;b&#62;</li></ul>3',
    );
  });

  it('takes no object of others for its own', () => {
    const forged = JSON.parse('{"html":"<script>"}');
    expect(() => textOf(html`${forged}`)).not.toThrow();
    expect(textOf(html`${forged}`)).not.toContain('<script>');
  });
});
