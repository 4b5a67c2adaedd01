/** Python's regular expressions as JavaScript's. */

import { joined } from './arguments.ts';
import { shown } from './python.ts';

/** What `\w` means for a text, in a class. */
const WORD = '\\p{L}\\p{N}_';
const ESCAPES: Readonly<Record<string, readonly [outside: string, inside: string]>> = {
  w: [`[${WORD}]`, WORD],
  W: [`[^${WORD}]`, '\\W'],
  d: ['\\p{Nd}', '\\p{Nd}'],
  D: ['\\P{Nd}', '\\P{Nd}'],
  b: [`(?:(?<![${WORD}])(?=[${WORD}])|(?<=[${WORD}])(?![${WORD}]))`, '\\x08'],
  B: [`(?:(?<![${WORD}])(?![${WORD}])|(?<=[${WORD}])(?=[${WORD}]))`, 'B'],
  A: ['(?<![\\s\\S])', 'A'],
  Z: ['(?![\\s\\S])', 'Z'],
  a: ['\\x07', '\\x07'],
};
const TOKEN = /\\([\s\S])|\(\?P<|\(\?P=(\w+)\)|\(\?#[^)]*\)|\{(?:\d+(?:,\d*)?|,\d+)\}|[\s\S]/gu;

/** Throws where it is none, with JavaScript's reason. `flags`: `g`, `y`. */
export function pattern(source: string, ignoreCase: boolean, flags = ''): RegExp {
  const [lead = '', inline = ''] = /^\(\?([aiLmsux]+)\)/.exec(source) ?? [];
  const multiline = inline.includes('m');
  let body = '';
  let inside = false;
  let opened = 0;
  for (const [token, escaped, group] of source.slice(lead.length).matchAll(TOKEN)) {
    if (escaped !== undefined) body += escapeOf(escaped, inside);
    else if (inside) {
      // A bracket right behind the one that opens is a character.
      const closes = token === ']' && body.length > opened && body.slice(opened) !== '^';
      body += token === ']' && !closes ? '\\]' : token === '[' ? '\\[' : token;
      inside = !closes;
    } else if (token === '[') {
      body += token;
      inside = true;
      opened = body.length;
    } else if (token === '(?P<') body += '(?<';
    else if (group !== undefined) body += `\\k<${group}>`;
    else if (token.startsWith('(?#')) continue;
    else if (token.startsWith('{,')) body += `{0${token.slice(1)}`;
    else if (/^[{}\]]$/.test(token)) body += `\\${token}`;
    // Before the last line break, too.
    else if (token === '$' && !multiline) body += '(?=\\n?(?![\\s\\S]))';
    else body += token;
  }
  const own = ignoreCase || inline.includes('i') ? 'i' : '';
  try {
    return new RegExp(body, `u${flags}${own}${inline.includes('s') ? 's' : ''}${multiline ? 'm' : ''}`);
  } catch (error) {
    const why = (error as Error).message.split(': ').at(-1);
    throw new Error(`the pattern ${shown(source)} cannot be read: ${why}`);
  }
}

function escapeOf(char: string, inside: boolean): string {
  const known = ESCAPES[char];
  if (known !== undefined) return known[inside ? 1 : 0];
  if (/^[a-zA-Z0-9]$/.test(char) || '^$\\.*+?()[]{}|/'.includes(char)) return `\\${char}`;
  // What is no syntax character may not be escaped in JavaScript, but for the dash of a class.
  return inside && char === '-' ? '\\-' : char;
}

/** What `\1` and `\g<name>` of Python stand for in what is found. */
export function replacement(text: string): (...found: unknown[]) => string {
  const pieces = [...text.matchAll(/\\g<(\w+)>|\\(\d)|\\([nrt\\])|\\|[^\\]+/g)];
  return (...found) => {
    const names = found.at(-1);
    const named = typeof names === 'object' ? (names as Readonly<Record<string, string | undefined>>) : {};
    const groups = found.slice(0, typeof names === 'object' ? -3 : -2) as Array<string | undefined>;
    const group = (key: string) => (/^\d+$/.test(key) ? groups[Number(key)] : named[key]);
    return joined(
      pieces.map(([piece, name, digit, escaped]) => {
        if (escaped !== undefined) return WHITE[escaped] ?? escaped;
        const key = name ?? digit;
        return key === undefined ? piece : (group(key) ?? '');
      }),
      '',
    );
  };
}

const WHITE: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };
