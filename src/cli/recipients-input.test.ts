import { describe, expect, it } from 'vitest';
import { isTollboardError } from '../core/errors.ts';
import { parseRecipients } from './recipients-input.ts';

const numbers = (text: string) => parseRecipients(text).map((row) => row.to);

describe('recipients from text', () => {
  it('are one number per line, whatever the line break, without blanks and comments', () => {
    expect(numbers('\uFEFF+1555\r\n\r\n# friends\n  +1556 \n\n+1557')).toEqual(['+1555', '+1556', '+1557']);
    expect(numbers('')).toEqual([]);
    expect(numbers('\n\n#x\n')).toEqual([]);
  });

  it('keep their order and their repeats', () => {
    expect(numbers('b\na\nb\n')).toEqual(['b', 'a', 'b']);
  });

  it('may be CSV whose header names parameters for each', () => {
    expect(
      parseRecipients('to,body,mediaUrl\r\n+1555,"Hello, ""you""\nthere",\r\n+1556,Hi,https://x\n+1557\n'),
    ).toEqual([
      { to: '+1555', columns: { body: 'Hello, "you"\nthere' } },
      { to: '+1556', columns: { body: 'Hi', mediaUrl: 'https://x' } },
      { to: '+1557', columns: {} },
    ]);
    expect(parseRecipients('"to"\n"+1555"\n')).toEqual([{ to: '+1555', columns: {} }]);
  });

  it.each([
    ['+1555,hello\n', 'line 1', 'need a header'],
    ['to,body\n+1555,a,b\n', 'line 2', 'the header has fewer'],
    ['to,body\n+1555,"a\nb"\n\n+1556,"open\n', 'line 5', 'not closed'],
    ['to,body\n+1555,"a"b\n', 'line 2', 'text follows'],
    ['to,body,body\n', 'line 1', '"body" is there twice'],
  ])('are refused with the line: %j', (text, where, why) => {
    let thrown: unknown;
    try {
      parseRecipients(text);
    } catch (error) {
      thrown = error;
    }
    expect(isTollboardError(thrown)).toBe(true);
    expect((thrown as Error).message).toContain(where);
    expect((thrown as Error).message).toContain(why);
  });
});
