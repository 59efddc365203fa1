import { describe, expect, it } from 'vitest';
import { parseHtml } from './html-page.ts';

describe('a page', () => {
  it('is read as a person reads it', () => {
    const page = parseHtml(
      '<!DOCTYPE html><title>A &amp; B</title><style>p{}</style><!-- <p>no</p> --><p>One\n <b>two</b> &#x33; &lt;4&gt;</p>',
    );
    expect([page.title, page.text]).toEqual(['A & B', 'One two 3 <4>']);
  });

  it('has forms with their fields, as a browser would send them', () => {
    const { forms } = parseHtml(`
      <form method=post action="/go?a=1&amp;b=2">
        <input name="csrf" type="hidden" value="&quot;x&quot;">
        <input name='on' type=checkbox checked><input name=off type=checkbox>
        <input name=dead value=1 disabled><textarea name=note>a &lt; b</textarea>
        <button name=deed value=yes>Let it <b>in</b></button><button type=button name=script>No</button>
      </form>
      <form id=f></form><input name=outside form=f value=o><button form=f formaction=/else>Go</button>`);
    expect(forms).toMatchObject([
      {
        method: 'POST',
        action: '/go?a=1&b=2',
        fields: [
          { name: 'csrf', value: '"x"', type: 'hidden' },
          { name: 'on', value: 'on' },
          { name: 'note', value: 'a < b' },
        ],
        buttons: [{ name: 'deed', value: 'yes', label: 'Let it in' }],
      },
      {
        method: 'GET',
        fields: [{ name: 'outside', value: 'o' }],
        buttons: [{ label: 'Go', formAction: '/else' }],
      },
    ]);
  });

  it.each([
    ['<meta http-equiv="refresh" content="0; url=https://a.example/?x=1&amp;y=2">', 'https://a.example/?x=1&y=2'],
    ['<META HTTP-EQUIV=Refresh CONTENT=\'3;URL="/next"\'>', '/next'],
    ['<p>&lt;meta http-equiv="refresh" content="0; url=/no"&gt;</p>', undefined],
    ['<script>"<meta http-equiv=refresh content=\'0;url=/no\'>"</script>', undefined],
    ['<!-- <meta http-equiv="refresh" content="0; url=/no"> -->', undefined],
  ])('refreshes: %s', (html, target) => {
    expect(parseHtml(html).refresh).toBe(target);
  });

  it('takes no markup from a name that was escaped', () => {
    const page = parseHtml('<p>&lt;form action=/evil&gt;</p><a href="/x?a&amp;b" title="a > b">Link</a>');
    expect(page.forms).toEqual([]);
    expect(page.links).toEqual([{ href: '/x?a&b', text: 'Link' }]);
  });

  it.each(['', '<', '<form', '</form>', '<form><input', '<a href=>', '\u0000'])('survives %j', (html) => {
    expect(parseHtml(html).refresh).toBeUndefined();
  });
});
