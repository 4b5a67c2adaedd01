/** Hides a task's secrets in what its module returns, by name and by value, as Ansible's `no_log` does. */

/** What an argument shows of itself that is a secret. */
export const HIDDEN_ARGUMENT = 'VALUE_SPECIFIED_IN_NO_LOG_PARAMETER';
const HIDDEN_TEXT = '********';

/** A SID that Twilio or a gateway gave: by it a message is found again, so a short secret must not spoil it. */
const SID = /^[A-Z]{2}[0-9a-f]{32}$/;
const KEPT: ReadonlySet<string> = new Set(['id', 'sid']);

/** As given and as used: the blanks around a secret are dropped before it is sent, and both forms must stay hidden. */
export function secretForms(values: readonly string[]): string[] {
  const forms = new Set(values.flatMap((value) => [value, value.trim()]));
  return [...forms].filter((form) => form.trim() !== '').sort((a, b) => b.length - a.length);
}

/** A copy without any of the secrets in any of its texts. */
export function masked<T>(value: T, secrets: readonly string[]): T {
  if (secrets.length === 0) return value;
  const hide = (text: string) => secrets.reduce((left, secret) => left.replaceAll(secret, HIDDEN_TEXT), text);
  return mapTexts(value, (text, name) => (KEPT.has(name) && SID.test(text) ? text : hide(text)));
}

/** A copy with each of its texts changed; `name` is the member that holds it, `''` in a list. */
export function mapTexts<T>(value: T, change: (text: string, name: string) => string): T {
  const walk = (part: unknown, name: string): unknown => {
    if (typeof part === 'string') return change(part, name);
    if (Array.isArray(part)) return part.map((item) => walk(item, ''));
    if (typeof part !== 'object' || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([key, member]) => [key, walk(member, key)]));
  };
  return walk(value, '') as T;
}
