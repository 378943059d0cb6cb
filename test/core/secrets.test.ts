import { describe, expect, it, test } from 'vitest';
import { textOfPage } from '../../src/core/answers.ts';
import { credentialIn, withoutCredentials, withoutSecrets } from '../../src/core/secrets.ts';
import { isNumeric } from '../../src/data/tables/decimal.ts';
import { judge } from '../../src/tracking/mlflow/client/answers.ts';

const token = `hf_${'a1B2'.repeat(8)}`;

test.each([
  ['http://me:geheim@host/x', 'http://*********@host/x', 'a user or password'],
  ['see "postgresql://me:p@ss/word@db/x" there', 'see "postgresql://************@db/x" there', 'a user or password'],
  ['http://me@host', 'http://**@host', 'a user or password'],
  ['model.base=//me:pw@host/x', 'model.base=//*****@host/x', 'a user or password'],
  ['http:/me:pw@host', 'http:/*****@host', 'a user or password'],
  ['https:me:pw@host', 'https:*****@host', 'a user or password'],
  ['http://p😀ss@host', 'http://****@host', 'a user or password'],
  ['https://host/x?a=1&token=geheim&b=2', 'https://host/x?a=1&token=******&b=2', 'a value of token'],
  [
    'https://host/x?X-Amz-Signature=abc#access_token=def',
    'https://host/x?X-Amz-Signature=***#access_token=***',
    'a value of X-Amz-Signature',
  ],
  ['https://host/x?sig=abc;api_key=def', 'https://host/x?sig=***;api_key=***', 'a value of sig'],
  [`model.base=${token}`, `model.base=${'*'.repeat(token.length)}`, 'a token of the hub'],
])('%s', (text, shown, what) => {
  expect(withoutCredentials(text)).toBe(shown);
  expect(credentialIn(text)).toBe(what);
});

test.each([
  'me@example.org',
  'a: b@c',
  'https://host:5000/x?tokens',
  'https://host/?page=2',
  'hf_bert-base',
  'http://',
  'at https: see a@b',
  'C://x',
  'https://host/x@v2',
  '//host/x@v2',
  '//server/a:b@c',
  'a//b:c@d',
])('%s holds nothing', (text) => {
  expect(credentialIn(text)).toBeUndefined();
  if (!text.includes('@v2')) expect(withoutCredentials(text)).toBe(text);
});

test('secrets of others are taken out wherever they are', () => {
  expect(withoutSecrets('a geheim b geheim', ['', 'geheim'])).toBe('a *** b ***');
});

test('pages are read without their marks', () => {
  expect(textOfPage('<html><style>a{}</style><script>if (a<b) c>d</script><!-- x > y --><h1>Not\n here</h1> &amp; <b>gone')).toBe(
    'Not here &amp; gone',
  );
  expect(textOfPage('<p>cut <b')).toBe('cut');
  expect(textOfPage('a < b')).toBe('a');
});

/** A square of the length would take hours. */
describe('a megabyte takes under a second of the processor', () => {
  const many = (unit: string): string => unit.repeat(Math.ceil(1e6 / unit.length));
  const texts = [
    '<',
    '<a',
    '<script>',
    '<!--',
    '://',
    '//',
    '//a:',
    'a://',
    'a://b@',
    'http://a@b ',
    'https://h/?token=a ',
    'h://?token=a&token=b&',
    'http:',
    '@',
    'a',
    ' ',
    '\n',
    '"',
    '?a=',
    'hf_',
    '1',
  ].map(many);
  const uses = {
    withoutCredentials,
    credentialIn,
    textOfPage,
    judge: (text: string) => judge(500, `<${text}`, new Headers()),
    judgeText: (text: string) => judge(500, text, new Headers()),
    isNumeric: (text: string) => isNumeric(`${text}x`),
  };

  it.each(Object.entries(uses))('%s', (_name, use) => {
    for (const text of texts) {
      const began = process.cpuUsage();
      use(text);
      expect(process.cpuUsage(began).user / 1e6, JSON.stringify(text.slice(0, 20))).toBeLessThan(1);
    }
  });
});
