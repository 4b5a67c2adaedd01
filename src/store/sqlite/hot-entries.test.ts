import { describe, expect, it } from 'vitest';
import { newEntry } from '../../../test/support/entries.ts';
import { HotEntries } from './hot-entries.ts';

const kept = (seq: number, state: 'queued' | 'sending' | 'sent' = 'queued') => ({
  record: { seq, ...newEntry({ id: `SM${seq}`, state }) },
});

describe('the entries that are kept', () => {
  it('are found by number and by id until Twilio answered', () => {
    const hot = new HotEntries();
    hot.put(kept(1));
    const sending = kept(1, 'sending');
    hot.put(sending);
    expect([hot.bySeq(1), hot.byId('SM1')]).toEqual([sending, sending]);
    hot.put(kept(1, 'sent'));
    expect([hot.bySeq(1), hot.byId('SM1')]).toEqual([undefined, undefined]);
  });

  it('are bounded: a newer one takes the place of the oldest', () => {
    const hot = new HotEntries();
    for (let seq = 1; seq <= 8_192; seq += 1) hot.put(kept(seq));
    hot.put(kept(2, 'sending'));
    hot.put(kept(8_193));
    expect([hot.bySeq(1), hot.byId('SM1')]).toEqual([undefined, undefined]);
    expect(hot.byId('SM2')?.record.state).toBe('sending');
    expect(hot.byId('SM8193')).toBeDefined();
  });
});
