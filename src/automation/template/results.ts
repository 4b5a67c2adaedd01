/** What filters, functions, methods and members come to, known by their names before anything runs. */

/** Filters, functions, methods and members that give a number or a text. */
const PLAIN = new Set([
  ...['int', 'float', 'round', 'length', 'count', 'string', 'upper', 'lower', 'trim', 'join', 'as_timestamp', 'format'],
  ...['timestamp_custom', 'timestamp_local', 'timestamp_utc', 'strftime', 'isoformat', 'timestamp', 'total_seconds'],
  ...['weekday', 'isoweekday', 'year', 'month', 'day', 'hour', 'minute', 'second', 'microsecond', 'replace', 'title'],
  ...[
    'days',
    'seconds',
    'microseconds',
    'average',
    'multiply',
    'add',
    'sqrt',
    'log',
    'to_json',
    'capitalize',
    'slugify',
  ],
]);

/** These give a float, also where it is whole, unless it is their default: the place of that among a filter's arguments. */
export const FLOATS: ReadonlyMap<string, number> = new Map(
  Object.entries({
    float: 0,
    as_timestamp: 0,
    sqrt: 0,
    sin: 0,
    cos: 0,
    tan: 0,
    asin: 0,
    acos: 0,
    atan: 0,
    average: 0,
    log: 1,
    multiply: 1,
    add: 1,
    round: 2,
    timestamp: 0,
    clamp: 2,
    wrap: 2,
    total_seconds: 0,
  }),
);
export const NUMBERS_ONLY = new Set(['float', 'round', 'multiply', 'add']);
export const NUMERAL = /^\s*(?:default\s*=\s*)?-?\d+(?:\.\d+)?\s*$/;
const PLACES = /^\s*(?:precision\s*=\s*)?-?[1-9]\d*\s*$/;

/** A default may be anything; what gives a number or a text without one is given a literal that is one, too. */
export function kindOf(name: string, args: string): 'plain' | 'any' {
  return PLAIN.has(name) && !/\bnone\b/i.test(args) ? 'plain' : 'any';
}

/** `sum`, `min` and `max` by an attribute, in the filters that the engine has; null where they go by none. */
export function attributeOf(name: string, items: readonly string[]): string | null {
  const [first = '', second = 'start=0'] = items;
  const attribute = /^\s*attribute\s*=\s*(.*)$/s.exec(first)?.[1] ?? (name === 'sum' ? first.trim() : '');
  if (
    attribute === '' ||
    /^\w+\s*=[^=]/.test(attribute) ||
    items.length > 2 ||
    !/^\s*(?:start\s*=\s*)?0\s*$/.test(second)
  )
    return null;
  if (name === 'sum') return `map(attribute=${attribute})|sum`;
  if (name === 'max' || name === 'min') return `sort(attribute=${attribute})|${name === 'max' ? 'last' : 'first'}`;
  return null;
}

/** Also where a number is whole it is a float, then: `2.0`. */
export function isFloat(name: string, args: readonly string[]): boolean {
  const place = FLOATS.get(name);
  if (place === undefined || (name === 'round' && !PLACES.test(args[0] ?? ''))) return false;
  const given = args.filter((arg) => arg.trim() !== '');
  return given.every((arg, index) => NUMERAL.test(arg) || (index < place && !/^\s*default\s*=/.test(arg)));
}
