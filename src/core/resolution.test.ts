import type { EntryRecord } from './entry.ts';
import type { ListedResource } from './ports.ts';
import type { Conclusion, Evidence } from './resolution.ts';
import { describe, expect, it } from 'vitest';
import { entryRecord } from '../../test/support/entries.ts';
import { conclude, TRIAL_PREFIX, unrecognisable } from './resolution.ts';

const NOW = Date.UTC(2026, 6, 1, 12);
const LEFT = NOW - 60_000;
const MINUTE = 60_000;
const TO = '+15551112222';
const FROM = '+15550000001';
const SERVICE = `MG${'3'.repeat(32)}`;

function entry(seq: number, changes: Partial<EntryRecord> = {}): EntryRecord {
  const lost = {
    state: 'unknown',
    attempts: 1,
    callbackMode: 'own',
    dueAt: NOW,
    sendingAt: LEFT,
    createdAt: LEFT,
  } as const;
  return entryRecord({ seq, id: `SM${String(seq).padStart(32, '0')}`, to: TO, ...lost, ...changes });
}

function listed(name: string, changes: Partial<ListedResource> = {}): ListedResource {
  return {
    sid: `SM${name.repeat(32)}`,
    status: 'sent',
    errorCode: null,
    errorMessage: null,
    from: FROM,
    segments: 1,
    to: TO,
    body: 'Hello',
    numMedia: 0,
    direction: 'outbound-api',
    messagingServiceSid: null,
    createdAt: LEFT + 100,
    ...changes,
  };
}

/** The verdicts in order of acceptance; a found one with the letter of its SID. */
function verdicts(evidence: Partial<Evidence>): string[] {
  const lost = evidence.lost ?? [entry(1)];
  const conclusions = conclude({
    underWay: [],
    resources: [],
    explained: new Set(),
    clockOffsetMs: 0,
    now: NOW,
    ...evidence,
    lost,
  });
  return lost.map(({ id }) => shown(conclusions.get(id)));
}

function shown(conclusion: Conclusion | undefined): string {
  if (conclusion?.verdict === 'found') return `found ${conclusion.resource.sid[2]}`;
  return conclusion?.verdict ?? 'none';
}

const ONE: ReadonlyArray<[what: string, evidence: Partial<Evidence>, verdict: string]> = [
  ['its copy is listed', { resources: [listed('a')] }, 'found a'],
  ['nothing is listed', {}, 'absent'],
  ['another text is listed', { resources: [listed('a', { body: 'Hello!' })] }, 'absent'],
  ['a copy to another number is listed', { resources: [listed('a', { to: '+15551113333' })] }, 'absent'],
  ['a copy from another sender is listed', { resources: [listed('a', { from: '+15550000002' })] }, 'absent'],
  ['a copy with media is listed', { resources: [listed('a', { numMedia: 1 })] }, 'absent'],
  ['the copy is an inbound one', { resources: [listed('a', { direction: 'inbound' })] }, 'absent'],
  ['the copy belongs to another entry', { resources: [listed('a')], explained: new Set([listed('a').sid]) }, 'absent'],
  [
    'the copy is a day older than the request',
    { resources: [listed('a', { createdAt: NOW - 24 * 60 * MINUTE })] },
    'absent',
  ],
  ['the copy is a second older, as dates count', { resources: [listed('a', { createdAt: LEFT - 1000 })] }, 'found a'],
  [
    'the copy is minutes older than the request, so perhaps of another program',
    { resources: [listed('a', { createdAt: LEFT - 6 * MINUTE })] },
    'ambiguous',
  ],
  [
    'the copy is minutes older, and Twilio told no time',
    { resources: [listed('a', { createdAt: LEFT - 5 * MINUTE })], clockOffsetMs: null },
    'found a',
  ],
  [
    'a copy is listed, and a person called an equal text sent without its SID',
    { resources: [listed('a')], nameless: [entry(2, { state: 'done' })] },
    'ambiguous',
  ],
  ['the copy has no time', { resources: [listed('a', { createdAt: null })] }, 'found a'],
  ['two copies are listed', { resources: [listed('a'), listed('b')] }, 'ambiguous'],
  ['a text without its body is listed', { resources: [listed('a', { body: '' })] }, 'ambiguous'],
  ['its copy and one without its body are listed', { resources: [listed('a'), listed('b', { body: '' })] }, 'found a'],
  ['the copy carries the trial prefix', { resources: [listed('a', { body: `${TRIAL_PREFIX}Hello` })] }, 'found a'],
  ['an equal text is under way', { resources: [listed('a')], underWay: [entry(2, { state: 'sending' })] }, 'wait'],
  [
    'another text is under way',
    { resources: [listed('a')], underWay: [entry(2, { state: 'sending', body: 'Other' })] },
    'found a',
  ],
];

describe('a lost answer, when', () => {
  it.each(ONE)('%s', (_what, evidence, verdict) => {
    expect(verdicts(evidence)).toEqual([verdict]);
  });

  it('its time lies ahead of our clock, trusts no times at all', () => {
    const old = listed('a', { createdAt: NOW - 24 * 60 * MINUTE });
    expect(verdicts({ lost: [entry(1, { sendingAt: NOW + 60 * MINUTE })], resources: [old] })).toEqual(['found a']);
  });

  it('Twilio is hours ahead of us, trusts no times at all', () => {
    const old = listed('a', { createdAt: NOW - 24 * 60 * MINUTE });
    expect(verdicts({ resources: [old], clockOffsetMs: 2 * 60 * MINUTE })).toEqual(['found a']);
  });

  it.each<[what: string, createdAt: number, verdict: string]>([
    ['a copy as old as the request is its own', LEFT, 'found a'],
    ['one that a moment of Twilio’s clocks explains, too', LEFT - 4000, 'found a'],
    ['one half a minute older is perhaps of another program', LEFT - 30_000, 'ambiguous'],
    ['one two minutes older is of another program', LEFT - 2 * MINUTE, 'absent'],
  ])('it is known when it left by Twilio’s clock: %s', (_what, createdAt, verdict) => {
    const sharp = entry(1, { leftAfter: LEFT, sendingAt: LEFT + 4 * MINUTE });
    const resources = [listed('a', { createdAt })];
    expect(verdicts({ lost: [sharp], resources })).toEqual([verdict]);
    // Whatever our own clock was set to meanwhile.
    expect(verdicts({ lost: [sharp], resources, clockOffsetMs: 3 * 60 * MINUTE })).toEqual([verdict]);
  });

  it('one of two alike left at an unknown time, both are judged by our own clock', () => {
    const lost = [entry(1, { leftAfter: LEFT }), entry(2)];
    const resources = [listed('a', { createdAt: LEFT - 2 * MINUTE })];
    expect(verdicts({ lost, resources })).toEqual(['found a', 'absent']);
  });

  it('it was sent a second time, may be explained by the first', () => {
    const twice = entry(1, { attempts: 2, createdAt: LEFT - 60 * MINUTE });
    expect(verdicts({ lost: [twice], resources: [listed('a', { createdAt: LEFT - 59 * MINUTE })] })).toEqual([
      'found a',
    ]);
  });
});

describe('how a text may be listed', () => {
  const quoted = { body: '“Hello”…', params: { from: FROM, body: '“Hello”…' } };
  const service = { from: null, params: { messagingServiceSid: SERVICE, body: '“Hello”…' }, body: '“Hello”…' };
  it.each<[string, Partial<EntryRecord>, Partial<ListedResource>, string]>([
    [
      'replaced, where SmartEncoded was asked for',
      { ...quoted, params: { ...quoted.params, smartEncoded: true } },
      { body: '"Hello"...' },
      'found a',
    ],
    [
      'replaced, by a Messaging Service that is set so',
      service,
      { body: '"Hello"...', messagingServiceSid: SERVICE },
      'found a',
    ],
    [
      'not replaced, by a Messaging Service that is not',
      service,
      { body: '“Hello”…', messagingServiceSid: SERVICE },
      'found a',
    ],
    [
      'by another Messaging Service: not ours',
      service,
      { body: '“Hello”…', messagingServiceSid: `MG${'4'.repeat(32)}` },
      'absent',
    ],
    ['replaced, though nobody asked: not ours', quoted, { body: '"Hello"...' }, 'absent'],
    [
      'with its media counted',
      { params: { body: 'Hello', mediaUrl: ['https://x.example/1', 'https://x.example/2'] } },
      { numMedia: 2 },
      'found a',
    ],
    [
      'from a template: its text says nothing',
      { body: null, params: { contentSid: `HX${'5'.repeat(32)}` } },
      { body: 'Filled in' },
      'ambiguous',
    ],
    [
      'with links shortened: its text says nothing',
      { params: { body: 'Hello', shortenUrls: true } },
      { body: 'Hi' },
      'ambiguous',
    ],
  ])('%s', (_what, changes, resource, verdict) => {
    expect(verdicts({ lost: [entry(1, changes)], resources: [listed('a', resource)] })).toEqual([verdict]);
  });
});

describe('equal texts', () => {
  const three = [entry(1), entry(2), entry(3, { state: 'held' })];
  it.each<[string, ListedResource[], string[]]>([
    ['no copy explains none', [], ['absent', 'absent', 'absent']],
    ['one copy explains the oldest', [listed('a')], ['found a', 'absent', 'absent']],
    [
      'as many copies explain all, in order of time',
      [listed('b', { createdAt: NOW }), listed('a'), listed('c', { createdAt: NOW + 1 })],
      ['found a', 'found b', 'found c'],
    ],
    [
      'more copies than entries explain none',
      [listed('a'), listed('b'), listed('c'), listed('d')],
      ['ambiguous', 'ambiguous', 'ambiguous'],
    ],
  ])('%s', (_what, resources, expected) => {
    expect(verdicts({ lost: three, resources })).toEqual(expected);
  });

  it('that differ in one word are not equal', () => {
    const lost = [entry(1), entry(2, { body: 'Bye', params: { from: FROM, body: 'Bye' } })];
    expect(verdicts({ lost, resources: [listed('a', { body: 'Bye' })] })).toEqual(['absent', 'found a']);
  });

  const call = (url: string): Partial<EntryRecord> => ({ kind: 'call', body: null, params: { from: FROM, url } });

  it('equal calls to one number are matched by count', () => {
    const lost = [entry(1, call('https://x.example/')), entry(2, call('https://x.example/'))];
    expect(verdicts({ lost, resources: [listed('a', { body: null })] })).toEqual(['found a', 'absent']);
  });

  it.each<[what: string, first: Partial<EntryRecord>, second: Partial<EntryRecord>, copy: Partial<ListedResource>]>([
    ['calls that say different things', call('https://fire.example/'), call('https://lunch.example/'), { body: null }],
    [
      'texts with different pictures',
      { params: { from: FROM, body: 'Hello', mediaUrl: ['https://x.example/alice.png'] } },
      { params: { from: FROM, body: 'Hello', mediaUrl: ['https://x.example/second.png'] } },
      { numMedia: 1 },
    ],
  ])('%s cannot be told apart, so one copy of the two explains neither', (_what, first, second, copy) => {
    const lost = [entry(1, first), entry(2, second)];
    expect(verdicts({ lost, resources: [listed('a', copy)] })).toEqual(['ambiguous', 'ambiguous']);
    expect(verdicts({ lost, resources: [] })).toEqual(['absent', 'absent']);
    const both = [listed('a', copy), listed('b', { ...copy, createdAt: LEFT + 200 })];
    expect(verdicts({ lost, resources: both })).toEqual(['found a', 'found b']);
  });

  it('a copy that fits two different texts explains neither', () => {
    const replaced = { body: '\u201cHi\u201d', params: { from: FROM, body: '\u201cHi\u201d', smartEncoded: true } };
    const lost = [entry(1, replaced), entry(2, { body: '"Hi"', params: { from: FROM, body: '"Hi"' } })];
    expect(verdicts({ lost, resources: [listed('a', { body: '"Hi"' })] })).toEqual(['ambiguous', 'ambiguous']);
  });
});

describe('a text that no listing can show', () => {
  it.each<[Partial<EntryRecord>['params'], boolean]>([
    [{ contentRetention: 'discard' }, true],
    [{ addressRetention: 'obfuscate' }, true],
    [{ contentRetention: 'retain', addressRetention: 'retain' }, false],
    [{}, false],
  ])('with %o: %s', (params, expected) => {
    expect(unrecognisable(entry(1, { params: params ?? {} }))).toBe(expected);
  });
});
