import { expect, test } from 'vitest';
import { parseWirePath } from './path.ts';

test.each([
  ['/2010-04-01/Accounts.json', 'Accounts', [], 'json'],
  ['/2010-04-01/Accounts/AC1.json', 'Accounts/:sid', ['AC1'], 'json'],
  ['/2010-04-01/Accounts/AC1/Messages', 'Accounts/:sid/Messages', ['AC1'], null],
  ['/2010-04-01/Accounts/A%20C/Messages/SM1.xml', 'Accounts/:sid/Messages/:sid', ['A C', 'SM1'], 'xml'],
  [
    '/2010-04-01/Accounts/A.C/Messages/SM1/Media/ME1',
    'Accounts/:sid/Messages/:sid/Media/:sid',
    ['A.C', 'SM1', 'ME1'],
    null,
  ],
  ['/2010-04-01/Accounts/%zz.json', 'Accounts/:sid', ['%zz'], 'json'],
])('%s is taken apart', (path, pattern, sids, suffix) => {
  expect(parseWirePath(path)).toEqual({ pattern, sids, suffix });
});

test.each(['/', '/2010-04-01', '/v1/Services', '/2008-08-01/Accounts.json'])('%s is none of this API', (path) => {
  expect(parseWirePath(path)).toBeNull();
});
