/** The component's definition in the words of ByteChef's component contract, from the data of the host. */

import { BYTECHEF, type OutputProperty, type Property } from './definition.ts';

type Json = Readonly<Record<string, unknown>>;

/** Shown at once; every other property stands under the advanced options. */
const BASIC: ReadonlySet<string> = new Set(['to', 'source', 'from', 'messagingServiceSid', 'body']);

/** Everything of the component but its `perform`. */
export function componentDefinition(): { component: Json; action: Json } {
  const { component, title, description, connection, fields, action, outputs } = BYTECHEF;
  return {
    component: {
      ...component,
      title,
      description,
      connection: {
        version: connection.version,
        authorizations: [
          {
            name: 'basic_auth',
            type: 'BASIC_AUTH',
            title: connection.authorization,
            properties: fields.connection.map((property) => propertyOf(property)),
          },
        ],
      },
      triggers: [],
    },
    action: {
      ...action,
      properties: fields['Send SMS'].map((property) => ({
        ...propertyOf(property),
        ...(BASIC.has(property.name) ? {} : { advancedOption: true }),
      })),
      output: { type: 'OBJECT', properties: outputs.map(outputOf) },
    },
  };
}

function propertyOf(property: Property): Json {
  const { name, label, description, control, required, maxLength, min, max, choices, condition, properties } = property;
  return {
    name,
    ...(label === undefined ? {} : { label }),
    ...(description === '' ? {} : { description }),
    ...typeOf(property.type),
    controlType: control,
    required,
    ...(property.default === undefined ? {} : { defaultValue: property.default }),
    ...(maxLength === undefined ? {} : property.type === '[STRING]' ? { maxItems: maxLength } : { maxLength }),
    ...(min === undefined ? {} : { minValue: min }),
    ...(max === undefined ? {} : { maxValue: max }),
    ...(choices === undefined
      ? {}
      : { options: choices.map(({ value, label: shown = String(value) }) => ({ label: shown, value })) }),
    ...(condition === undefined ? {} : { displayCondition: `${condition.field} == ${condition.equals}` }),
    ...(properties === undefined ? {} : { properties: properties.map(propertyOf) }),
  };
}

function outputOf({ name, type, control, properties }: OutputProperty): Json {
  return {
    name,
    ...typeOf(type),
    controlType: control,
    ...(type === '{}' ? { additionalProperties: [{ type: 'STRING' }] } : {}),
    ...(properties === undefined ? {} : { properties: properties.map(outputOf) }),
  };
}

/** The seed writes a list as `[STRING]` and an object by its members. */
function typeOf(type: string): Json {
  if (type.startsWith('[')) return { type: 'ARRAY', items: [{ type: type.slice(1, -1) }] };
  return { type: type.startsWith('{') ? 'OBJECT' : type };
}
