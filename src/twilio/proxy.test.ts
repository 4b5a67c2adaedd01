import { describe, expect, it } from 'vitest';
import { proxyFor } from './proxy.ts';

const PROXY = 'http://proxy.test:3128';

describe('proxyFor', () => {
  it.each([
    ['https://api.twilio.com/x', { HTTPS_PROXY: PROXY }, 'proxy.test:3128'],
    ['https://api.twilio.com/x', { https_proxy: 'proxy.test:8080', HTTPS_PROXY: PROXY }, 'proxy.test:8080'],
    ['https://api.twilio.com/x', { HTTP_PROXY: PROXY }, null],
    ['http://api.test/x', { HTTP_PROXY: PROXY }, 'proxy.test:3128'],
    ['http://api.test/x', { ALL_PROXY: PROXY }, 'proxy.test:3128'],
    ['https://api.twilio.com/x', { HTTPS_PROXY: ' ' }, null],
    ['https://api.twilio.com/x', {}, null],
    ['http://127.0.0.1:8656/x', { HTTP_PROXY: PROXY }, null],
    ['http://localhost:8656/x', { HTTP_PROXY: PROXY }, null],
    ['http://[::1]:8656/x', { HTTP_PROXY: PROXY }, null],
    ['https://api.twilio.com/x', { HTTPS_PROXY: PROXY, NO_PROXY: '*' }, null],
    ['https://api.twilio.com/x', { HTTPS_PROXY: PROXY, NO_PROXY: 'other.test, twilio.com' }, null],
    ['https://api.twilio.com/x', { HTTPS_PROXY: PROXY, no_proxy: '.twilio.com' }, null],
    ['https://api.twilio.com/x', { HTTPS_PROXY: PROXY, no_proxy: 'wilio.com' }, 'proxy.test:3128'],
    ['https://api.twilio.com/x', { HTTPS_PROXY: PROXY, no_proxy: 'api.twilio.com:443' }, null],
    ['https://api.twilio.com/x', { HTTPS_PROXY: PROXY, no_proxy: 'api.twilio.com:8443' }, 'proxy.test:3128'],
    ['https://api.twilio.com/x', { HTTPS_PROXY: PROXY, no_proxy: ',' }, 'proxy.test:3128'],
  ])('takes %s with %j through %s', (url, environment, expected) => {
    expect(proxyFor(new URL(url), environment)?.host ?? null).toBe(expected);
  });

  it.each(['socks5://me:secret@proxy.test:1080', 'http://me:%ffsecret@proxy.test', 'http://'])(
    'refuses the proxy %s without repeating it',
    (address) => {
      const environment = { HTTPS_PROXY: address };
      expect(() => proxyFor(new URL('https://api.twilio.com'), environment)).toThrow(/not an http or https address/);
      expect(() => proxyFor(new URL('https://api.twilio.com'), environment)).not.toThrow(/secret/);
    },
  );
});
