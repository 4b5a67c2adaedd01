import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../system.ts';
import { createTemplateEngine } from './engine.ts';

const engine = createTemplateEngine({ clock: systemClock });
afterAll(() => engine.close());

describe('the engine', () => {
  it('gives text, or what the text means', async () => {
    expect(await engine.text('{{ 1 + 1 }} ', {})).toBe('2');
    expect(await engine.value('{{ 1 + 1 }}', {})).toBe(2);
    expect(await engine.value('{{ trigger.event.data }}', { trigger: { event: { data: { From: '+1' } } } })).toEqual({
      From: '+1',
    });
    expect(await engine.value('{{ to }}', { to: '+15551230001' })).toBe('+15551230001');
    expect(await engine.value('12', {})).toBe('12');
  });

  it('renders many at once, each with its own variables', async () => {
    const texts = await Promise.all(Array.from({ length: 50 }, (_, n) => engine.text('{{ n }}!', { n })));
    expect(texts).toEqual(Array.from({ length: 50 }, (_, n) => `${n}!`));
  });

  it('finds a filter and a test that do not exist before anything is run, and takes all others', async () => {
    expect(await engine.fault('{% if false %}{{ 1 | round(2) | nofilter }}{% endif %}')).toBe(
      'there is no filter nofilter',
    );
    expect(await engine.fault("{{ 'a' is not odd or 'a' is notest }}")).toBe(
      'there is no test notest, but there is test',
    );
    await expect(engine.text("{{ 'a' | nofilter }}", {})).rejects.toThrow('there is no filter nofilter');
    expect(await engine.fault('{% if false %}{{ timdelta(hours=1) }}{% endif %}')).toBe(
      'there is no function timdelta, but there is timedelta',
    );
    for (const [template, says] of [
      ['{% set x = timdelta(hours=1) %}', 'there is no function timdelta, but there is timedelta'],
      ['{% for i in rnge(3) %}{% endfor %}', 'there is no function rnge, but there is range'],
      ['{% with x = timdelta(1) %}{% endwith %}', 'there is no function timdelta, but there is timedelta'],
      ['{% set a, j = 1, joiner() %}{{ j() }}', null],
      ['{% with a = 1, j = joiner() %}{{ j() }}{% endwith %}', null],
      ['{% for a, j in x %}{{ j() }}{% endfor %}{% macro f(g) %}{{ g(f(caller())) }}{% endmacro %}', null],
      ['{%- call(g) f() %}{{ g() }}{% endcall %}{% macro f() %}{{ caller(joiner()) }}{% endmacro %}', null],
    ] as const)
      expect([template, await engine.fault(template)]).toEqual([template, says]);
    await expect(engine.text('{% set x = a.b.c %}', { a: {} })).rejects.toThrow('a.b is undefined');
    expect(await engine.fault("{{ x | regex_serach('a') }}")).toBe(
      'there is no filter regex_serach, but there is regex_search',
    );
    expect(await engine.fault("{{ states('light.kitchen') }}")).toBe(
      'states asks for a state of Home Assistant; a gateway has none',
    );
    const own =
      "{% macro greet(x) %}{{ caller() }}{% endmacro %}{% call greet(1) %}{% endcall %}{% set say = greet %}{{ say('x') }}";
    expect(await engine.fault(`${own}{% for f in [greet] %}{{ f(1) }}{{ loop.cycle(1, 2) }}{% endfor %}`)).toBeNull();
    const all =
      "{{ x | int(0) | default(1) }}{{ x | map(attribute='a') | selectattr('b', 'eq', 1) | list | join(',') }}" +
      "{{ x is match('a') and x is not none and x is defined and y is string }}{{ x | regex_replace('| nofilter', 'is notest') }}" +
      "{# | nofilter #}{% raw %}{{ a | nofilter }}{% endraw %}{{ x | timestamp_custom('%Y') | from_json | slugify | tojson }}" +
      '{{ x | upper | lower | title | trim | replace("a", "b") | first | last | length | sort | unique | reverse | sum | batch(2) }}' +
      '{{ x | min | max | dictsort | items | abs | safe | escape | e | urlencode | indent | slice(2) | groupby("a") | reject("odd") }}';
    expect(await engine.fault(all)).toBeNull();
  });

  it('takes a method or a member on a line of its own', async () => {
    const x = { a: { b: 'p,q' } };
    for (const [template, text] of [
      ["{{ x.a.b\n   .split(',') | last }}", 'q'],
      ['{{ x\n .a\n .b . upper() }}', 'P,Q'],
      [
        "{{ (as_datetime('2026-11-26T00:00:00+00:00') | as_timestamp | as_datetime)\n .isoformat() }}",
        '2026-11-26T00:00:00+00:00',
      ],
    ] as const) {
      expect([template, await engine.fault(template)]).toEqual([template, null]);
      expect(await engine.text(template, { x })).toBe(text);
    }
    expect(await engine.fault('{{ x . }}')).toMatch(/syntax error/);
  });

  const hostile: Array<[what: string, template: string, says: RegExp]> = [
    [
      'counts to 10^9',
      '{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}',
      /too many steps\. Let its loops/,
    ],
    [
      'names 10^9 numbers',
      '{% for a in range(1000000000) %}{% endfor %}',
      /^a range has more than 100000 numbers\. Let/,
    ],
    ['builds 1 GB of text', "{{ 'x' * 1000000000 }}", /memory|characters/],
    [
      'doubles a text without end',
      "{% set ns = namespace(t='x') %}{% for i in range(60) %}{% set ns.t = ns.t ~ ns.t %}{% endfor %}{{ ns.t }}",
      /memory|characters/,
    ],
    [
      'replaces into 10 GB',
      "{{ ('x' * 100000) | replace('x', 'y' * 100000) }}",
      /^a filter makes a text of more than \d+ /,
    ],
    [
      'replaces by a pattern into 10 GB',
      "{{ ('x' * 100000) | regex_replace('x', 'y' * 100000) }}",
      /^a filter makes a text of more than \d+ /,
    ],
    [
      'repeats a group into 10 GB',
      "{{ ('x' * 500000) | regex_replace('(x+)', '\\\\1' * 20000) }}",
      /^a filter makes a text of more than \d+ /,
    ],
    [
      'fills places into 10 GB',
      "{{ ('{0}' * 20000).format('x' * 500000) }}",
      /^a filter makes a text of more than \d+ /,
    ],
    [
      'indents into 100 MB',
      "{{ ('\\n' * 100000) | indent(1000, true, true) }}",
      /^a filter makes a text of more than \d+ /,
    ],
    [
      'wraps into 10 GB',
      "{{ ('x ' * 50000) | wordwrap(1, true, 'y' * 100000) }}",
      /^a filter makes a text of more than \d+ /,
    ],
    ['parts by 10 GB', "{{ ('x ' * 50000) | slugify('y' * 100000) }}", /^a filter makes a text of more than \d+ /],
    [
      'fills up by 100 MB',
      "{{ 'x'.rjust(1000, 'y' * 100000) }}",
      /^a text is filled up by one character, not by 'y{59}…/,
    ],
    ['has a pattern that never ends', "{{ ('a' * 40) is match('(a+)+b') }}", /longer than \d+ ms/],
  ];
  it.each(hostile)('ends a template that %s, and goes on', async (_what, template, says) => {
    const own = createTemplateEngine({ clock: systemClock, timeoutMs: 1500 });
    try {
      const [bad, good] = await Promise.allSettled([own.text(template, {}), own.text('{{ 2 * 3 }}', {})]);
      expect(bad).toMatchObject({
        status: 'rejected',
        reason: { name: 'TemplateError', message: expect.stringMatching(says) },
      });
      expect(good).toEqual({ status: 'fulfilled', value: '6' });
    } finally {
      await own.close();
    }
  });

  it('says so where a variable is none that a thread can be given, and goes on', async () => {
    await expect(engine.text('{{ a }}', { a: () => 1 })).rejects.toThrow(
      'the variables cannot be handed to the template',
    );
    expect(await engine.text('{{ 1 + 1 }}', {})).toBe('2');
  });

  it('renders others while some take long', async () => {
    const own = createTemplateEngine({ clock: systemClock, timeoutMs: 20_000 });
    let ended = 0;
    const slow = Array.from({ length: 3 }, () =>
      own.text("{{ ('a' * 40) is match('(a+)+b') }}", {}).catch(() => (ended += 1)),
    );
    expect(await own.text('{{ 2 * 3 }}', {})).toBe('6');
    expect(await own.text('{{ 3 * 3 }}', {})).toBe('9');
    expect(ended).toBe(0);
    await own.close();
    await Promise.all(slow);
    expect(ended).toBe(3);
  });

  it('renders nothing once closed', async () => {
    const own = createTemplateEngine({ clock: systemClock });
    await own.close();
    await own.close();
    await expect(own.text('{{ 1 }}', {})).rejects.toThrow('closed');
  });
});
