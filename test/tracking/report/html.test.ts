import { expect, test } from 'vitest';
import { html, trusted } from '../../../src/core/page/html.ts';

const hostile = `<script>alert("1")</script> & 'so'`;

test('texts are escaped in content and in attributes alike', () => {
  expect(html`<p title="${hostile}">${hostile}</p>`.markup).toBe(
    '<p title="&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;so&#39;">&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;so&#39;</p>',
  );
});

test('markup inside markup is taken as it is, once', () => {
  expect(html`<ul>${['a', '<b>'].map((text) => html`<li>${text}</li>`)}</ul>`.markup).toBe('<ul><li>a</li><li>&lt;b&gt;</li></ul>');
  expect(html`${trusted('<svg/>')}`.markup).toBe('<svg/>');
});

test('what is absent is nothing, and zero is a number', () => {
  expect(html`[${null}${undefined}${false}${0}${[]}]`.markup).toBe('[0]');
});

test('characters that no page may hold become visible; emoji and line breaks stay', () => {
  expect(html`${'a\0b\x1b[31m\ud83d \u{1f525}\n\tç'}`.markup).toBe('a�b�[31m� \u{1f525}\n\tç');
});
