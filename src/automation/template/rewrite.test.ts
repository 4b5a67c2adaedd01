import { describe, expect, it } from 'vitest';
import { isPlain, rewriteTemplate } from './rewrite.ts';

const names = { functions: new Set(['now', 'as_timestamp', 'f']), methods: new Set(['strftime', 'get']) };
const rewritten = (source: string) => rewriteTemplate(source, names);

describe('rewriting', () => {
  const shown = (code: string, before = '', after = '') =>
    `{%${before} with tb_v = (${code}) %}{{ '' if tb_v is undefined else tb_v if tb_v is integer else tb_v|tb_float if tb_v is number else tb_v|tb_print }}{% endwith ${after}%}`;
  const cases: Array<[what: string, source: string, result: string]> = [
    ['text', 'nothing { } % # here', 'nothing { } % # here'],
    ['a value', '{{ a }}', shown(' a ')],
    ['marks that trim', '{{- a -}}', shown(' a ', '-', '-')],
    ['a function', '{{ now() }}', shown(' (none|tb_call_now()) ')],
    ['a function in a filter', '{{ x|f(now()) }}', shown(' x|f((none|tb_call_now())) ')],
    [
      'a method on what a function gives',
      "{{ now().strftime('%H') }}",
      shown(" ((none|tb_call_now())|tb_method_strftime('%H')) "),
    ],
    ['a method on a chain', "{{ a.b['c'].get('d', 1).e }}", shown(" (a.b['c']|tb_method_get('d', 1)).e ")],
    ['an engine method', '{{ a.items() }}', shown(' a.items() ')],
    ['a filter of the name of a function', '{{ x|as_timestamp }}', shown(' (x|as_timestamp * 1.0) ')],
    ['a test with arguments', "{{ x is not match('a') }}", shown(" x is not match('a') ")],
    ['a group after a word', '{% if (now()) and not (a) %}', '{% if ((none|tb_call_now())) and not (a) %}'],
    ['braces of a mapping', "{{ {'a': {'b': '}}'}} }}", shown(" {'a': {'b': '}}'}} ")],
    ['a mark within a text', '{{ \'}}\' ~ "{{" }}', shown(' \'}}\' ~ "{{" ')],
    ['a comment', '{# now() {{ #}x', '{# now() {{ #}x'],
    ['raw text', '{% raw %}{{ now() }}{% endraw %}', '{% raw %}{{ now() }}{% endraw %}'],
    ['a float with a default', '{{ x|float(0) }}', shown(' (x|float() * 1.0 if x|is_number else 0) ')],
    ['a text that is filled', "{{ '%d:%d' % (a, b) }}", shown(" ('%d:%d'|format(a, b)) ")],
    ['a minus before what hangs on a name', '{{ -a.b + -n }}', shown(' -(a.b) + -n ')],
    ['a sum without times', '{{ a - b }}', shown(' a - b ')],
    [
      'a sum where times are made',
      '{% set a = now() %}{{ a - b + 1 }}',
      `{% set a = (none|tb_call_now()) %}${shown(" (a|tb_calculate('-', b, '+', 1) if a is mapping or b is mapping else a - b + 1) ")}`,
    ],
    [
      'a comparison over two lines',
      '{{ now()\n < a }}',
      shown(
        " ((none|tb_call_now())|tb_compare('<', a) if (none|tb_call_now()) is mapping or a is mapping else (none|tb_call_now())\n < a) ",
      ),
    ],
    [
      'a macro of the name of a function',
      '{% macro now(x) %}{{ x }}{% endmacro %}{{ now(1) }}',
      `{% macro now(x) %}${shown(' x ')}{% endmacro %}${shown(' now(1) ')}`,
    ],
    ['lines', '{{\n  a\n}}', shown('\n  a\n')],
  ];
  it.each(cases)('%s', (_what, source, result) => expect(rewritten(source)).toBe(result));

  it('says where a part has no end', () => {
    expect(() => rewritten('a\n{{ b')).toThrow('{{ on line 2 has no end');
    expect(() => rewritten('{# b')).toThrow('{# on line 1 has no end');
    expect(() => rewritten("{{ 'b }}")).toThrow('has no end');
  });

  it('takes time in proportion to the text', () => {
    expect(rewritten(`{{ ${'('.repeat(90)}a${')'.repeat(90)} }}`)).toContain('tb_print');
    expect(() => rewritten(`{{ ${'('.repeat(30_000)} }}`)).toThrow('too many brackets within each other (line 1)');
    expect(() => rewritten(`{{ ${'- '.repeat(30_000)}a }}`)).toThrow('too many brackets within each other (line 1)');
    expect(rewritten('{{ a }}'.repeat(5000)).length).toBeGreaterThan(50_000);
  });

  it('tells plain text from templates', () => {
    expect(['a { b', '{{ a }}', '{% x %}', '{# x #}', '% }'].map(isPlain)).toEqual([true, false, false, false, true]);
  });
});
