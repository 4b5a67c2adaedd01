import { expect, test } from 'vitest';
import { contentTypeOf } from './messages.ts';

test.each([
  ['https://example.com/a/photo.JPG?size=2#top', 'image/jpeg'],
  ['https://example.com/a/card.vcf', 'text/vcard'],
  ['https://example.com/a/photo', 'application/octet-stream'],
  ['https://example.com/a/photo.constructor', 'application/octet-stream'],
])('%s is %s', (url, type) => {
  expect(contentTypeOf(url)).toBe(type);
});
