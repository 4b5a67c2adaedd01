import type { Automation, Trigger } from './definition.ts';
import { describe, expect, it } from 'vitest';
import { indexTriggers } from './trigger-index.ts';

const part = { path: '', where: '', alias: null, enabled: true, id: '0', variables: {} };

function automation(
  id: string,
  ...triggers: Array<[types: string[], data: Record<string, string | number>]>
): Automation {
  const made = triggers.map(([types, data]): Trigger => ({ ...part, kind: 'event', types, data }));
  return { id, fires: id !== 'off', triggers: made } as unknown as Automation;
}

const TYPE = 'twilio_data_received';
const index = indexTriggers([
  automation('any', [[TYPE], {}]),
  automation('ann', [[TYPE], { From: '+1', SmsStatus: 'received' }]),
  automation('bea', [[TYPE], { SmsStatus: 'received', From: '+2' }]),
  automation('number', [[TYPE], { From: 1 }]),
  automation('template', [[TYPE], { From: '{{ x }}' }]),
  automation('other', [['mine'], {}]),
  automation('off', [[TYPE], {}]),
  automation('two', [['mine'], {}], [[TYPE], { From: '+1' }]),
]);
const ids = (type: string, data: Record<string, string>) =>
  index.candidates({ type: type as never, data }).map(({ id }) => id);

describe('the index of triggers', () => {
  it('gives those that may fire, in the order of the file, and leaves the others out', () => {
    expect(ids(TYPE, { From: '+1', SmsStatus: 'received' })).toEqual(['any', 'ann', 'template', 'two']);
    expect(ids(TYPE, { From: '+2', SmsStatus: 'received' })).toEqual(['any', 'bea', 'template']);
    expect(ids(TYPE, { From: '1' })).toEqual(['any', 'template']);
    expect(ids('mine', {})).toEqual(['template', 'other', 'two']);
  });

  it('does not take a name of a field for one of its own', () => {
    expect(ids(TYPE, { constructor: 'x', __proto__: 'y' } as never)).toEqual(['any', 'template']);
  });
});
