import type { CallbackPolicy } from './callback-mode.ts';
import { describe, expect, it } from 'vitest';
import { callerWants, chooseCallbackMode } from './callback-mode.ts';

const AUTO: CallbackPolicy = { callbackMode: 'auto', callbackReachable: true, unsigned: [] };
const ALWAYS: CallbackPolicy = { ...AUTO, callbackMode: 'always' };
const NEVER: CallbackPolicy = { ...AUTO, callbackMode: 'never' };
const URL = { statusCallback: 'https://example.org/s' };

describe('whose status callback goes out', () => {
  it.each([
    ['ours, when Twilio can reach us', AUTO, { params: {} }, 'own'],
    ['ours in place of the caller’s, which is forwarded', AUTO, { params: URL }, 'own'],
    ['none when Twilio cannot reach us', { ...AUTO, callbackReachable: false }, { params: {} }, 'none'],
    ['the caller’s when Twilio cannot reach us', { ...AUTO, callbackReachable: false }, { params: URL }, 'caller'],
    ['ours when told to always, reachable or not', { ...ALWAYS, callbackReachable: false }, { params: {} }, 'own'],
    ['the caller’s when told never', NEVER, { params: URL }, 'caller'],
    ['none when told never and there is none', NEVER, { params: {} }, 'none'],
    ['not ours where no signature can be checked', { ...ALWAYS, unsigned: ['AC1'] }, { params: URL }, 'caller'],
    ['ours where another account has no token', { ...AUTO, unsigned: ['AC2'] }, { params: {} }, 'own'],
    ['none that an ApplicationSid would silence', ALWAYS, { params: { applicationSid: 'AP1' } }, 'none'],
    ['not ours over that of a Messaging Service', AUTO, { params: { messagingServiceSid: 'MG1' } }, 'none'],
    ['not ours over that of a service given as From', AUTO, { params: URL, from: 'MG1' }, 'caller'],
    ['ours over that of a service when told to always', ALWAYS, { params: { messagingServiceSid: 'MG1' } }, 'own'],
  ] as const)('is %s', (_what, policy, given, mode) => {
    expect(chooseCallbackMode({ account: 'AC1', from: '+15550000001', ...given }, policy)).toBe(mode);
  });
});

describe('what the caller wants to hear of', () => {
  it.each([
    ['message', URL, 'queued', true],
    ['message', {}, 'delivered', false],
    ['call', URL, 'ringing', false],
    ['call', URL, 'completed', true],
    ['call', URL, 'no-answer', true],
    ['call', { ...URL, statusCallbackEvent: ['initiated', 'answered'] }, 'initiated', true],
    ['call', { ...URL, statusCallbackEvent: ['initiated', 'answered'] }, 'in-progress', true],
    ['call', { ...URL, statusCallbackEvent: ['initiated', 'answered'] }, 'completed', false],
    ['call', { ...URL, statusCallbackEvent: 'ringing completed' }, 'ringing', true],
    ['call', { ...URL, statusCallbackEvent: [] }, 'busy', true],
  ] as const)('of a %s with %j: %s is %s', (kind, params, status, wanted) => {
    expect(callerWants(kind, params, status)).toBe(wanted);
  });
});
