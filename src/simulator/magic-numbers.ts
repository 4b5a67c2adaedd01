/** Test credentials: magic numbers that always fail or succeed, and nothing ever happens (Twilio docs: test credentials). */

/** Four endpoints only; Lookup is not part of this API. */
const SUPPORTED: ReadonlySet<string> = new Set([
  'POST Accounts/:sid/Messages',
  'POST Accounts/:sid/Calls',
  'POST Accounts/:sid/IncomingPhoneNumbers',
]);

type Table = Readonly<Record<string, number | null>>;

/** Code by number; null works; `*` is for every other number (absent: validated as usual). */
const MESSAGES: { From: Table; To: Table } = {
  From: { '+15005550001': 21212, '+15005550007': 21606, '+15005550008': 21611, '+15005550006': null, '*': 21606 },
  To: {
    '+15005550001': 21211,
    '+15005550002': 21612,
    '+15005550003': 21408,
    '+15005550004': 21610,
    '+15005550009': 21614,
  },
};
const CALLS: { From: Table; To: Table } = {
  From: { '+15005550001': 21212, '+15005550006': null, '*': 21210 },
  To: { '+15005550001': 21217, '+15005550002': 21214, '+15005550003': 21215, '+15005550004': 21216 },
};
const PURCHASES: { PhoneNumber: Table; AreaCode: Table } = {
  PhoneNumber: { '+15005550000': 21422, '+15005550001': 21421, '+15005550006': null },
  AreaCode: { '533': 21452, '500': null },
};

export function isTestable(method: string, pattern: string): boolean {
  return SUPPORTED.has(`${method} ${pattern}`);
}

export function magicMessageFault(from: string, to: string): number | null {
  return look(MESSAGES.From, from) ?? look(MESSAGES.To, to);
}

export function magicCallFault(from: string, to: string): number | null {
  return look(CALLS.From, from) ?? look(CALLS.To, to);
}

export function magicPurchaseFault(phoneNumber: string | null, areaCode: string | null): number | null {
  if (phoneNumber !== null) return look(PURCHASES.PhoneNumber, phoneNumber);
  return areaCode === null ? null : look(PURCHASES.AreaCode, areaCode);
}

function look(table: Table, value: string): number | null {
  return (Object.hasOwn(table, value) ? table[value] : table['*']) ?? null;
}
