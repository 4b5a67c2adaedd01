import { describe, expect, it } from 'vitest';
import { render } from './sandbox.ts';

const NOON = Date.parse('2026-07-01T12:00:00Z');
const event = { data: { From: '+15551230001', Body: "it's open", NumMedia: '0' } };
const text = (template: string, variables: Record<string, unknown> = {}) =>
  render({
    template,
    variables: { trigger: { event }, n: 7, list: [3, 1, 2], map: { a: 1, b: null }, ...variables },
    now: NOON,
  });

describe('templates as in Home Assistant', () => {
  const cases: Array<[template: string, result: string]> = [
    ['plain {text}', 'plain {text}'],
    ['{{ trigger.event.data.From }}', '+15551230001'],
    ['{{ trigger.event.data }}', `{'From': '+15551230001', 'Body': "it's open", 'NumMedia': '0'}`],
    ['{{ trigger.event.data.Body | upper }}', "IT'S OPEN"],
    ["{{ trigger.event.data['From'][-4:] }}", '0001'],
    ['{{ n > 5 }}', 'True'],
    [
      '{{ 8 <= n < 9 }}|{{ 1 < n < 3 }}|{{ 1 < n < 9 < n }}|{{ not 1 < n < 3 }}|{{ today_at("08:00") <= now() < today_at("08:00") }}',
      'False|False|False|True|False',
    ],
    ['{{ now().replace(hour=8) - now().replace(hour=7, minute=30) }}', '0:30:00'],
    ['{{ --n | abs }}|{{ - -n | abs + 1 }}|{{ -n | abs }}|{{ +n }}|{{ -(-n) }}', '7|8|7|7|7'],
    [
      "{{ ('1' * 400) | int(0) }}|{{ '1e999' | float(0) }}|{{ '1e999' | is_number }}|{{ '1e30' | is_number }}",
      '0|0|False|True',
    ],
    // What an operator joins is one operand of the next.
    ["{{ n // 5 ~ ' h ' ~ n % 5 ~ ' min' }}|{{ 0 * n ~ 's' }}|{{ n ~ nothing is defined }}", '1 h 2 min|0s|7False'],
    [
      '{% set at = now() %}{{ n ** 2 / -n }}|{{ n ** 2 <= n + 1 }}|{{ n ** 2 // list[0] + n }}|{{ -n ** 2 }}',
      '-7.0|False|23|49',
    ],
    ['{{ now() - 2 ** 2 * timedelta(hours=n) > utcnow() }}|{{ -5 * timedelta(hours=1) }}', 'False|-1 day, 19:00:00'],
    ['{{ none }}|{{ true }}|{{ [1, "x", none] }}', "None|True|[1, 'x', None]"],
    ['{{ 7 / 2 }}|{{ 1.0 }}|{{ n }}', '3.5|1.0|7'],
    ['{{ "5" | int + 1 }}|{{ "x" | int(0) }}|{{ "x" | int(default=3) }}', '6|0|3'],
    ['{{ "2.5" | float }}|{{ "on" | bool }}', '2.5|True'],
    ['{{ list | sort | join(",") }}|{{ list | max }}|{{ max(list) }}|{{ min(3, 1) }}', '1,2,3|3|3|1'],
    [
      "{{ 'abc' is match('a') }}|{{ 'abc' is search('c$') }}|{{ 'abc' | regex_replace('(b)', '[\\\\1]') }}",
      'True|True|a[b]c',
    ],
    ["{{ 'a1b22' | regex_findall('\\\\d+') }}", "['1', '22']"],
    ['{{ \'{"a": [1]}\' | from_json }}|{{ map | to_json }}', `{'a': [1]}|{"a":1,"b":null}`],
    [
      '{{ now().year }}|{{ utcnow().strftime("%Y-%m-%d %H:%M") }}|{{ as_timestamp(utcnow()) }}',
      '2026|2026-07-01 12:00|1782907200.0',
    ],
    ['{{ 0 | timestamp_custom("%Y", false) }}|{{ utcnow() }}', '1970|2026-07-01 12:00:00+00:00'],
    ["{{ map.get('a') }}|{{ map.get('z', 9) }}|{{ map.items() | list }}", "1|9|[['a', 1], ['b', None]]"],
    ["{{ 'Hello World!' | slugify }}|{{ 2 | ordinal }}|{{ '%.2f' | format(3.14159) }}", 'hello_world|2nd|3.14'],
    ["{{ '{} is {:.1f}'.format('x', 2) }}|{{ iif(n > 5, 'a', 'b') }}|{{ n | is_number }}", 'x is 2.0|a|True'],
    [
      `{{ ('<a href="x">&' ~ "it's") | e }}|{{ 5 | escape }}|{{ nothing | e }}`,
      '&lt;a href=&quot;x&quot;&gt;&amp;it&apos;s|5|',
    ],
    ["{{ 'a/b ?&=ü(!' | urlencode }}|{{ {'a b': '1/2'} | urlencode }}", 'a/b%20%3F%26%3D%C3%BC%28%21|a+b=1%2F2'],
    ['{% if n == 7 and not n < 3 %}seven{% else %}other{% endif %}', 'seven'],
    ['{% for i in list if i > 1 %}{{ loop.index }}:{{ i }} {% endfor %}', '1:3 2:2'],
    ['{% set ns = namespace(sum=0) %}{% for i in list %}{% set ns.sum = ns.sum + i %}{% endfor %}{{ ns.sum }}', '6'],
    ['{% macro hi(x) %}hi {{ x }}{% endmacro %}{{ hi("you") }}', 'hi you'],
    ['{% raw %}{{ no }}{% endraw %}{# nothing #}', '{{ no }}'],
    [
      "{{ 3.14159 | round(2) }}|{{ 2.5 | round }}|{{ 3.2 | round(0, 'ceil') }}|{{ 'x' | round(1, default=0) }}",
      '3.14|2|4|0',
    ],
    ["{{ 'OPEN 42' | regex_findall_index('(\\d+)') | int }}|{{ 'a\\tb' | length }}|{{ '\\x41\\'' }}", "42|3|A'"],
    ["{{ '0x1f' | int(base=16) }}|{{ 'zz' | int(0, base=16) }}|{{ '7' | int(base=8) }}", '31|0|7'],
    ['{{ [3,1,2] | median }}|{{ 4 | sqrt }}|{{ log(8, 2) | round }}|{{ pi | round(2) }}', '2|2.0|3|3.14'],
    [
      "{{ [1,2] | union([2,3]) }}|{{ [1,2] | difference([2]) }}|{{ zip([1],['a']) | list }}",
      "[1, 2, 3]|[1]|[[1, 'a']]",
    ],
    ["{{ {'a': 1} | combine({'b': 2}) }}|{{ 'a b/c' | urlencode }}|{{ [7] | random }}", "{'a': 1, 'b': 2}|a%20b/c|7"],
    [
      "{{ utcnow().weekday() }}|{{ utcnow().isoweekday() }}|{{ utcnow().date() }}|{{ '5'.zfill(3) }}",
      '2|3|2026-07-01|005',
    ],
    ["{{ relative_time(as_datetime('2026-07-01 10:30:00+00:00')) }}|{{ n | is_defined }}", '2 hours|7'],
    [
      "{{ {'a': {'b': 1}}.get('a').b }}|{{ iif(n > 5, {'c': [{'d': 2}]}, 0).c[0].d }}|{{ [map] | random }}",
      "1|2|{'a': 1, 'b': None}",
    ],
    // Newer than 2025.4, as in 2026.11.
    [
      '{{ 12 | clamp(0, 10) }}|{{ clamp(-1, 0, 10) }}|{{ 370 | wrap(0, 360) }}|{{ wrap(-10, 0, 360) }}|{{ wrap(5, 2, 2) }}',
      '10.0|0.0|10.0|350.0|2.0',
    ],
    [
      '{{ timedelta(hours=-26) | timedelta_string }}|{{ timedelta_string(timedelta(minutes=125), precision=2) }}|{{ timedelta_string(5) }}',
      '1 day|2 hours 5 minutes|5',
    ],
    ['{{ constructor }}|{{ toString | default(1) }}|{{ map.constructor }}', '|1|'],
    ['{{ missing }}|{{ missing | default("d") }}|{{ missing is defined }}', '|d|False'],
  ];
  it.each(cases)('%s', (template, result) => expect(text(template)).toBe(result));
});

it('what fired a run has its times as datetimes', () => {
  const fired = { now: '2026-07-01T11:58:30.000Z', event: { data: {}, time_fired: '2026-07-01T11:59:00.250Z' } };
  const of = (template: string) => text(template, { trigger: fired, wait: { trigger: fired } });
  expect(of('{{ trigger.event.time_fired }}|{{ wait.trigger.event.time_fired.second }}')).toBe(
    '2026-07-01 11:59:00.250000+00:00|0',
  );
  expect(of('{{ utcnow() - trigger.event.time_fired < timedelta(minutes=1) }}')).toBe('True');
  expect(of('{{ (trigger.event.time_fired - trigger.now).total_seconds() }}')).toBe('30.25');
  expect(of("{{ wait.trigger.now.strftime('%S') }}|{{ as_timestamp(trigger.now) }}")).toBe('30|1782907110.0');
  expect(of('{{ as_datetime(trigger.event.time_fired) == trigger.event.time_fired }}')).toBe('True');
  expect(of('{{ trigger.event | to_json }}')).toBe('{"data":{},"time_fired":"2026-07-01T11:59:00.250000+00:00"}');
  expect(text('{{ trigger.now }}', { trigger: { now: 'soon' } })).toBe('soon');
});

describe('a template with a fault', () => {
  const cases: Array<[template: string, says: RegExp]> = [
    ['{{ a b }}', /line 1/],
    ['a\n{{ "x" | int }}', /int got 'x' and has no default/],
    ['{{ nothing.at.all }}', /^nothing is undefined \(line 1\)$/],
    ['{{ trigger.event.data.Nope.x }}', /^trigger.event.data.Nope is undefined \(line 1\)$/],
    ["{{ ['a' }}", /^[^\n]+$/],
    ['{{ now() + 5 }}', /^a datetime \+ a number has no meaning\. A span of time is written timedelta\(minutes=5\)/],
    ["{{ {'a': 1} - n }}", /^map - number has no meaning/],
    ["{{ now() > as_datetime('2026-01-01') }}", /one datetime has a time zone and the other has none: put \| as_local/],
    ["{{ timedelta(hours='2') }}", /^timedelta takes numbers for days, .*, not '2'$/],
    ["{{ today_at('noon') }}", /^today_at got 'noon'; it takes a time of the day such as '18:30'$/],
    ['{{ now() + timedelta(days=99999999) }}', /beyond the years 1 to 9999/],
    [`{{ now() - ${'(now() - '.repeat(30)}a${')'.repeat(30)} }}`, /Let \{% set %\} name a part of them. \(line 1\)/],
    ["{{ 'x' | clamp(0, 1) }}", /^clamp needs three numbers, not 'x'$/],
    ['{{ 5 | remap(0, 10, 0, 100) }}', /^remap is only in Home Assistant/],
    ["{{ 'light.kitchen' | area_id }}", /^area_id asks for a state of Home Assistant/],
    ['{{ states.light.kitchen.state }}', /^states asks for a state of Home Assistant/],
    ['{% for i in list %}{% break %}{% endfor %}', /no break\. Give the loop a condition/],
    ['{{ [] | random }}', /random needs a list/],
    [`{{ '${'x'.repeat(500)}' | int }}`, /^int got 'x{59}… and has no default$/],
    ['{{ x | nofilter }}', /nofilter/],
    ['{{ x | constructor }}', /there is no filter constructor/],
    ['{{ hasOwnProperty(x) }}', /hasOwnProperty/],
    ["{{ now().isoformat(timespec='constructor') }}", /timespec 'constructor'; there are auto, hours/],
    ['{{ nofunction() }}', /nofunction/],
    ["{{ states('light.kitchen') }}", /states asks for a state of Home Assistant/],
    ['{% for i in range(100000) %}{% for j in range(10000) %}x{% endfor %}{% endfor %}', /too many steps/],
    ['{{ range(10**9) | list }}', /range/],
    [`{{ '${'x'.repeat(70_000)}' }}`, /more than 65536 characters/],
    ["{{ 'ab' * 200000 }}", /more than 262144 characters/],
  ];
  it.each(cases)('%s: is told in words', (template, says) => expect(() => text(template)).toThrow(says));

  it('leaves the next one as it was', () => {
    for (const [template] of cases) expect(() => text(template)).toThrow();
    expect(text('{{ 1 + 1 }}')).toBe('2');
  });
});

it('a text that came in is a value, never a template', () => {
  const body = '{{ 7 * 7 }}{% for i in range(9) %}x{% endfor %}';
  expect(text('{{ body }}', { body })).toBe(body);
});
