/** The filters, tests, functions and methods that Home Assistant adds to Jinja, put together; none needs a Home Assistant. */

import type { Fn, Table } from './arguments.ts';
import { collections, dictOf } from './collections.ts';
import { numberFilters, numbers } from './numbers.ts';
import { replacedText, textFilters, textMethods, texts, textTests } from './texts.ts';
import { operators } from './time-arithmetic.ts';
import { createTimes, isDatetime, replaced } from './times.ts';
import { valueFilters, values, valueTests } from './values.ts';

/** What the engine brings along, beside what stands in the tables. */
export const BUILT_IN = {
  filters: [
    ...[
      'abs',
      'attr',
      'batch',
      'capitalize',
      'count',
      'd',
      'default',
      'dictsort',
      'filesizeformat',
      'first',
      'groupby',
    ],
    ...[
      'items',
      'join',
      'last',
      'length',
      'list',
      'lower',
      'map',
      'max',
      'min',
      'reject',
      'rejectattr',
      'reverse',
      'safe',
    ],
    ...['select', 'selectattr', 'slice', 'sort', 'string', 'sum', 'title', 'trim', 'unique', 'upper'],
  ],
  tests: [
    ...['boolean', 'defined', 'divisibleby', 'eq', 'equalto', 'even', 'false', 'filter', 'float', 'ge', 'greaterthan'],
    ...['gt', 'in', 'integer', 'iterable', 'le', 'lessthan', 'lower', 'lt', 'mapping', 'ne', 'none', 'number', 'odd'],
    ...['sameas', 'sequence', 'string', 'test', 'true', 'undefined', 'upper'],
  ],
  functions: ['cycler', 'dict', 'joiner', 'max', 'min', 'namespace', 'range'],
  methods: [
    ...['capitalize', 'count', 'endswith', 'find', 'isalnum', 'isalpha', 'isascii', 'isdigit', 'islower', 'isnumeric'],
    ...['isupper', 'items', 'join', 'keys', 'lower', 'lstrip', 'rfind', 'rstrip', 'split', 'splitlines', 'startswith'],
    ...['strip', 'title', 'upper', 'values'],
  ],
} as const;

export interface Functions {
  filters: Table;
  tests: Table;
  functions: Table;
  methods: Table;
  /** Stand in for operators that the engine does not know of times. */
  operators: Table;
}

/** They ask for what only a Home Assistant knows. */
const STATES = [
  ...['states', 'is_state', 'state_attr', 'is_state_attr', 'has_value', 'state_translated', 'is_hidden_entity'],
  ...['state_attr_translated', 'entity_name'],
  ...['expand', 'closest', 'distance', 'integration_entities', 'config_entry_id', 'config_entry_attr'],
  ...['areas', 'area_id', 'area_name', 'area_entities', 'area_devices'],
  ...['floors', 'floor_id', 'floor_name', 'floor_areas', 'floor_entities'],
  ...['device_id', 'device_name', 'device_attr', 'is_device_attr', 'device_entities'],
  ...[
    'labels',
    'label_id',
    'label_name',
    'label_description',
    'label_areas',
    'label_devices',
    'label_entities',
    'issue',
    'issues',
  ],
];
/** They give what templates here do not have. */
const OTHERS = [
  ...['version', 'pack', 'unpack', 'merge_response', 'from_hex', 'apply', 'as_function', 'remap'],
  ...['urlize', 'xmlattr', 'lipsum'],
];

/** Why there is no filter, test or function of a name that Home Assistant has; null of any other. */
export function refusalOf(name: string): string | null {
  if (STATES.includes(name)) return `${name} asks for a state of Home Assistant; a gateway has none`;
  return OTHERS.includes(name) ? `${name} is only in Home Assistant; the templates of a gateway lack it` : null;
}

const refused: Table = Object.fromEntries(
  [...STATES, ...OTHERS].map((name): [string, Fn] => [
    name,
    () => {
      throw new Error(refusalOf(name) ?? name);
    },
  ]),
);

/** `now`: milliseconds since the epoch, the same for a whole template. */
export function createFunctions(now: () => number): Functions {
  const times = createTimes(now);
  const both: Table = { ...values, ...texts, ...numbers, ...collections, ...times.values };
  return {
    filters: { ...both, ...valueFilters, ...textFilters, ...numberFilters, ...times.filters },
    tests: { ...valueTests, ...textTests, datetime: isDatetime },
    functions: {
      ...refused,
      ...both,
      ...times.functions,
      dict: (value) => dictOf(value),
    },
    methods: {
      ...textMethods,
      ...times.methods,
      replace: (value, ...args) => replaced(value, args) ?? replacedText(value, args),
      get: (value, name, fallback) => (value instanceof Map ? (value.get(name) ?? fallback) : fallback),
    },
    operators,
  };
}
