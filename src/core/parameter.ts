/** The shape in which Twilio's create parameters are written down as data (see message.ts and call.ts). */

export type ParameterType = 'string' | 'integer' | 'number' | 'boolean' | 'url' | 'list' | 'datetime' | 'json' | 'sid';

/**
 * One create parameter of a Twilio resource. Everything that knows parameters (API schema, command-line flags, facade
 * decoding, simulator checks, host properties, reference docs) is derived from these rows.
 */
export interface Parameter {
  /** twilio-node's property name, e.g. `mediaUrl`; the flag is its kebab-case form. */
  readonly name: string;
  /** Twilio's form field, e.g. `MediaUrl`. A list repeats the field. */
  readonly wire: string;
  readonly type: ParameterType;
  readonly required?: boolean;
  /** Allowed words, exactly as on the wire. */
  readonly choices?: readonly string[];
  /** Inclusive bounds of an integer or number. */
  readonly min?: number;
  readonly max?: number;
  /** In UTF-16 units for a string, items for a list. */
  readonly maxLength?: number;
  /** SID prefix for type `sid`, e.g. `MG`. */
  readonly prefix?: string;
  /** The value Twilio uses when the parameter is absent, for the docs. */
  readonly default?: string | number | boolean;
  /** Twilio's error code when the form of the value is wrong (twilio.md §2.1, §3.1). */
  readonly twilioCode?: number;
  /** The seed's sentence word for word where a seed has one, else ours. */
  readonly description: string;
}

/** A parameter's value as callers give it and as entries keep it: JSON, under twilio-node's names. */
export type ParameterValue = string | number | boolean | readonly string[] | Record<string, unknown>;
export type ParameterValues = Record<string, ParameterValue>;

/** Form fields in order; a list parameter repeats its name. */
export type FormFields = Array<[name: string, value: string]>;
