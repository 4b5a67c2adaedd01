/** JSON as Twilio writes it: `": "` after a name, `", "` between members, on one line. */

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

export function writeJson(value: Json): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (value === null || typeof value !== 'object') return String(value);
  let text = '';
  if (isList(value)) {
    for (const item of value) text += text === '' ? writeJson(item) : `, ${writeJson(item)}`;
    return `[${text}]`;
  }
  for (const name in value) {
    const member = `"${name}": ${writeJson(value[name] as Json)}`;
    text += text === '' ? member : `, ${member}`;
  }
  return `{${text}}`;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
