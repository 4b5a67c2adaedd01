import { describe, expect, test } from 'vitest';
import { parseAccountsFile } from './accounts-file.ts';

describe('the accounts file', () => {
  test('declares accounts of any SID text with numbers, caller IDs, keys and services', () => {
    const { accounts, defaults, scenarios } = parseAccountsFile(
      {
        accounts: [
          {
            sid: 'ACXXXXXXXXXXXXXXXXX',
            auth_token: 'ACXXXXXXXXXXXXXXXXX',
            type: 'trial',
            numbers: ['+1 (555) 201-4545', { phone_number: '+15553258899', sms_url: 'http://127.0.0.1/sms' }],
            verified: ['+15553035681'],
            api_keys: [{ sid: 'SK1', secret: 's' }],
            services: [{ sid: 'MG1', senders: ['+15552014545'] }],
          },
        ],
        scenarios: [{ to: '+15551113232', deliver: 'undelivered', error_code: 30003, after: { sent_ms: 5 } }],
      },
      7,
    );
    expect(defaults).toBe(true);
    expect(accounts[0]).toMatchObject({
      sid: 'ACXXXXXXXXXXXXXXXXX',
      type: 'Trial',
      status: 'active',
      ownerAccountSid: 'ACXXXXXXXXXXXXXXXXX',
      numbers: [{ phoneNumber: '+15552014545' }, { phoneNumber: '+15553258899', smsUrl: 'http://127.0.0.1/sms' }],
      verified: [{ phoneNumber: '+15553035681', friendlyName: '+15553035681' }],
      services: [{ sid: 'MG1', senders: ['+15552014545'], statusCallback: null }],
      dateCreated: 7,
    });
    expect(scenarios).toEqual([{ to: '+15551113232', deliver: 'undelivered', errorCode: 30003, after: { sentMs: 5 } }]);
  });

  test('an empty file leaves the usual accounts', () => {
    expect(parseAccountsFile({}, 0)).toEqual({ defaults: true, accounts: [], scenarios: [] });
  });

  const account = { sid: 'AC1', auth_token: 't' };
  test.each([
    ['text', 'accounts file', 'an object'],
    [{ account: [] }, 'accounts file.account is not known here', 'perhaps accounts'],
    [{ listen: {} }, 'accounts file.listen is not known here', 'one of defaults, accounts, scenarios'],
    [{ accounts: {} }, 'accounts file.accounts', 'a list'],
    [{ accounts: [{ auth_token: 't' }] }, 'accounts[0].sid', 'the account SID'],
    [{ accounts: [{ sid: 'AC1' }] }, 'accounts[0].auth_token', 'the auth token'],
    [{ accounts: [{ ...account, sid: 'A/C' }] }, 'accounts[0].sid', 'characters'],
    [{ accounts: [account, account] }, 'accounts[1].sid', 'no other account has'],
    [{ accounts: [{ ...account, auth_token: 12 }] }, 'accounts[0].auth_token', 'numbers need quotes'],
    [{ accounts: [{ ...account, numbers: ['5551112222'] }] }, 'accounts[0].numbers[0]', 'such as +15551112222'],
    [{ accounts: [{ ...account, numbers: [5551112222] }] }, 'accounts[0].numbers[0]', 'with + and in quotes'],
    [{ accounts: [{ ...account, status: 'asleep' }] }, 'accounts[0].status', 'active, suspended, closed'],
    [{ scenarios: [{ deliver: 'sent' }] }, 'scenarios[0]', 'to or from'],
  ])('%j is refused at %s: %s', (value, where, expected) => {
    const parse = () => parseAccountsFile(value, 0);
    expect(parse).toThrow(expect.objectContaining({ code: 'TOLLBOARD_SIMULATOR_INPUT_INVALID' }));
    expect(parse).toThrow(where);
    expect(parse).toThrow(expected);
  });

  test('a fault names the file, line and column, where they are known', () => {
    const parse = (value: unknown) => () => parseAccountsFile(value, 0, (path) => `sim.yaml:3:1<${path}>`);
    expect(parse({ accounts: [{ sid: 'A/C' }] })).toThrow(
      /^sim\.yaml:3:1<accounts\[0\]\.sid>: accounts\[0\]\.sid is 'A\/C'/,
    );
    expect(parse({ acounts: [] })).toThrow(/^sim\.yaml:3:1<acounts>: acounts is not known here/);
    expect(parse([])).toThrow(/^sim\.yaml:3:1<> is '\[\]'/);
  });
});
