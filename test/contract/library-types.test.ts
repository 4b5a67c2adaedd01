/** What the compiler holds callers of the library to; the types and the parameter tables name the same parameters. */

import type { CallInput, Entry, MessageInput, Tollboard, TollboardOptions } from '../../src/index.ts';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { parametersOf } from '../../src/core/form.ts';

type Own = 'notBefore' | 'onUnknown' | 'account' | 'say';

/** Complete in both directions, or this does not compile. */
const MESSAGE = {
  to: 1,
  from: 1,
  messagingServiceSid: 1,
  body: 1,
  mediaUrl: 1,
  statusCallback: 1,
  applicationSid: 1,
  maxPrice: 1,
  provideFeedback: 1,
  attempt: 1,
  validityPeriod: 1,
  forceDelivery: 1,
  contentRetention: 1,
  addressRetention: 1,
  smartEncoded: 1,
  persistentAction: 1,
  trafficType: 1,
  shortenUrls: 1,
  scheduleType: 1,
  sendAt: 1,
  sendAsMms: 1,
  contentVariables: 1,
  riskCheck: 1,
  fallbackFrom: 1,
  contentSid: 1,
} satisfies Record<Exclude<keyof MessageInput, Own>, 1>;

const CALL = {
  to: 1,
  from: 1,
  url: 1,
  twiml: 1,
  applicationSid: 1,
  method: 1,
  fallbackUrl: 1,
  fallbackMethod: 1,
  statusCallback: 1,
  statusCallbackEvent: 1,
  statusCallbackMethod: 1,
  sendDigits: 1,
  timeout: 1,
  timeLimit: 1,
  record: 1,
  recordingChannels: 1,
  recordingTrack: 1,
  recordingStatusCallback: 1,
  recordingStatusCallbackMethod: 1,
  recordingStatusCallbackEvent: 1,
  trim: 1,
  machineDetection: 1,
  machineDetectionTimeout: 1,
  machineDetectionSpeechThreshold: 1,
  machineDetectionSpeechEndThreshold: 1,
  machineDetectionSilenceTimeout: 1,
  asyncAmd: 1,
  asyncAmdStatusCallback: 1,
  asyncAmdStatusCallbackMethod: 1,
  sipAuthUsername: 1,
  sipAuthPassword: 1,
  callerId: 1,
  callReason: 1,
  callToken: 1,
  byoc: 1,
  clientNotificationUrl: 1,
} satisfies Record<Exclude<keyof CallInput, Own>, 1>;

describe('the types', () => {
  test.each([
    ['message', MESSAGE],
    ['call', CALL],
  ] as const)('of a %s name every parameter of the table and no other', (kind, typed) => {
    expect(Object.keys(typed)).toEqual(parametersOf(kind).map(({ name }) => name));
  });

  test('refuse misspelt names, wrong values and mixed-up options', () => {
    expectTypeOf<{ to: string; body: string }>().toExtend<MessageInput>();
    expectTypeOf<{ to: readonly string[]; sendAt: Date; mediaUrl: string[] }>().toExtend<MessageInput>();
    expectTypeOf<{ to: string; say: { text: string } }>().toExtend<CallInput>();
    expectTypeOf<{ body: string }>().not.toExtend<MessageInput>();
    expectTypeOf<{ to: string; body: number }>().not.toExtend<MessageInput>();
    expectTypeOf<{ to: string; riskCheck: 'off' }>().not.toExtend<MessageInput>();
    expectTypeOf<{ gateway: { url: string } }>().not.toExtend<TollboardOptions>();
    expectTypeOf<Tollboard['send']>().returns.resolves.toEqualTypeOf<Entry[]>();
    expectTypeOf<Tollboard['fetch']>().returns.resolves.toEqualTypeOf<Entry | null>();
    // @ts-expect-error a misspelt parameter
    const message: MessageInput = { to: '+15551230001', bdy: 'x' };
    // @ts-expect-error a parameter of messages in a call
    const call: CallInput = { to: '+15551230001', mediaUrl: 'https://example.org/a.jpg' };
    // @ts-expect-error a misspelt option
    const options: TollboardOptions = { twillio: { accountSid: 'AC1', authToken: 'x' } };
    expect([message, call, options]).toHaveLength(3);
  });
});
