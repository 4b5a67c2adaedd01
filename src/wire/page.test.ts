import type { FormFields } from '../core/parameter.ts';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { holds } from '../../test/support/property.ts';
import { decodeForm } from './form.ts';
import { parsePageRequest, renderPage, slicePage } from './page.ts';

interface Item {
  sid: string;
}

/** The page that a query gives, as a server with these items answers it. */
function answer(items: readonly Item[], query: FormFields): Record<string, unknown> {
  const request = parsePageRequest('/2010-04-01/Accounts/AC1/Things.json', query);
  if ('status' in request) throw new Error(request.message);
  const page = slicePage(items, request, (sid) => {
    const index = items.findIndex((item) => item.sid === sid);
    return index < 0 ? null : { first: index, last: index + 1 };
  });
  if ('status' in page) throw new Error(page.message);
  return renderPage(request, page, 'things', (item) => ({ sid: item.sid }));
}

test('following next_page_uri meets every item once, and previous_page_uri leads back the same way', () => {
  holds(
    fc.property(fc.nat(60), fc.integer({ min: 1, max: 20 }), (count, size) => {
      const items = Array.from({ length: count }, (_, index) => ({ sid: `TH${index}` }));
      const pages: Array<Record<string, unknown>> = [];
      let uri: string | null = `?PageSize=${size}&To=%2B1`;
      while (uri !== null) {
        const page = answer(items, decodeForm(uri.split('?')[1] as string));
        pages.push(page);
        uri = page.next_page_uri as string | null;
      }
      expect(pages.flatMap((page) => page.things)).toEqual(items);
      expect(pages.map((page) => page.page)).toEqual(pages.map((_, index) => index));
      for (const [index, page] of pages.entries()) {
        if (index === 0) expect(page.previous_page_uri).toBeNull();
        else {
          const back = answer(items, decodeForm((page.previous_page_uri as string).split('?')[1] as string));
          expect(back.things).toEqual(pages[index - 1]?.things);
        }
        expect(String(page.uri)).toContain('To=%2B1');
      }
    }),
  );
});

test.each([
  ['PageSize=1001', 20007],
  ['PageToken=x', 21481],
  ['PageToken=PA', 21481],
])('%s is refused with %i', (query, code) => {
  expect(parsePageRequest('/x.json', decodeForm(query))).toMatchObject({ status: 400, code });
});

test.each(['PageSize=0', 'PageSize=-1', 'PageSize=abc', 'PageSize=1.5', ''])('%j falls back to 50', (query) => {
  expect(parsePageRequest('/x.json', decodeForm(query))).toMatchObject({ size: 50 });
});
