/** Create parameters to Twilio's form fields and back, by their tables. */

import type { EntryKind } from './entry.ts';
import type { FormFields, Parameter, ParameterValue, ParameterValues } from './parameter.ts';
import { CALL_PARAMETERS } from './call-parameters.ts';
import { MESSAGE_PARAMETERS } from './message-parameters.ts';

export function parametersOf(kind: EntryKind): readonly Parameter[] {
  return kind === 'call' ? CALL_PARAMETERS : MESSAGE_PARAMETERS;
}

/** Twilio's form for a create: To first, then the parameters in table order, then what passes through untouched. */
export function toForm(kind: EntryKind, to: string, params: ParameterValues, extra: FormFields = []): FormFields {
  const form: FormFields = [['To', to]];
  for (const parameter of parametersOf(kind)) {
    const value = params[parameter.name];
    if (parameter.wire === 'To' || value === undefined) continue;
    if (Array.isArray(value)) for (const item of value) form.push([parameter.wire, String(item)]);
    else form.push([parameter.wire, typeof value === 'object' ? JSON.stringify(value) : String(value)]);
  }
  return [...form, ...extra];
}

/** The reverse: known fields under twilio-node's names with JSON types, the rest in `extra` in the order received. */
export function fromForm(
  kind: EntryKind,
  form: FormFields,
): { to: string; params: ParameterValues; extra: FormFields } {
  const rows = new Map(parametersOf(kind).map((parameter) => [parameter.wire, parameter]));
  const params: ParameterValues = {};
  const extra: FormFields = [];
  let to = '';
  for (const [wire, text] of form) {
    const parameter = rows.get(wire);
    if (wire === 'To') to = text;
    else if (parameter === undefined) extra.push([wire, text]);
    else if (parameter.type === 'list')
      params[parameter.name] = [...((params[parameter.name] as string[]) ?? []), text];
    else params[parameter.name] = typedValue(parameter, text);
  }
  return { to, params, extra };
}

/** A form's text as the value its row asks for; text that does not fit stays text, so that the check can name it. */
export function typedValue(parameter: Parameter, text: string): ParameterValue {
  if (parameter.type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  if (parameter.type === 'integer' || parameter.type === 'number') {
    const value = Number(text);
    return text.trim() !== '' && Number.isFinite(value) ? value : text;
  }
  return text;
}
