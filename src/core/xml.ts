/** Text for XML. */

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** What XML 1.0 cannot hold at all (§2.2). */
const FORBIDDEN = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;

/** For text and attributes. What XML cannot hold becomes a blank: nobody can hear it. */
export function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(FORBIDDEN, ' ')
    .replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}

const NAME = '[\\p{L}_:][\\p{L}\\p{M}\\p{N}·_:.-]*';
const COMMENT = /<!--(?:[^-]|-[^-])*-->/y;
const CDATA = /<!\[CDATA\[[\s\S]*?\]\]>/y;
const INSTRUCTION = new RegExp(`<\\?(?!xml[\\s?])${NAME}(?:\\s[\\s\\S]*?)?\\?>`, 'iuy');
/** With the byte order mark before it, which need not be there, either. */
const DECLARATION =
  /^\uFEFF?(?:<\?xml\s+version\s*=\s*["']1\.\d+["'](?:\s+encoding\s*=\s*["'][A-Za-z][\w.-]*["'])?(?:\s+standalone\s*=\s*["'](?:yes|no)["'])?\s*\?>)?/;
const TAG = new RegExp(`<(/?)(${NAME})((?:\\s+${NAME}\\s*=\\s*(?:"[^"<]*"|'[^'<]*'))*)\\s*(/?)>`, 'uy');
const ATTRIBUTE = new RegExp(`\\s+(${NAME})\\s*=\\s*(?:"[^"]*"|'[^']*')`, 'gu');
const TEXT = /[^<]+/y;
const BARE = /&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[\da-fA-F]+);)/;

/**
 * Why a document is not well-formed XML 1.0 with one element around all, of this name; null where it is. In words, with the
 * line. A document type, which TwiML has none of, is refused, too.
 */
export function xmlFault(document: string, root: string): string | null {
  const open: string[] = [];
  let roots = 0;
  let at = DECLARATION.exec(document)?.[0].length ?? 0;
  const next = (piece: RegExp): RegExpExecArray | null => {
    piece.lastIndex = at;
    return piece.exec(document);
  };
  const told = (what: string) => `line ${document.slice(0, at).split('\n').length}: ${what}`;
  while (at < document.length) {
    const tag = next(TAG);
    const text = tag === null ? next(TEXT)?.[0] : undefined;
    const [whole = '', closes, name = '', attributes = '', empty] = tag ?? [
      text ?? (next(COMMENT) ?? next(INSTRUCTION) ?? (open.length > 0 ? next(CDATA) : null))?.[0],
    ];
    if (whole === '') return told('what begins with < is no tag; a < that is meant as text is written &lt;');
    if (whole.search(FORBIDDEN) >= 0 || hasForbidden(text ?? attributes))
      return told('a character that XML cannot hold');
    if (BARE.test(text ?? attributes)) return told('an & that is meant as text is written &amp;');
    if (text?.includes(']]>')) return told(']]> within a text is written ]]&gt;');
    if (text !== undefined && open.length === 0 && /[^ \t\r\n]/.test(text))
      return told(`a text stands outside of <${root}>`);
    if (tag !== null) {
      const names = [...attributes.matchAll(ATTRIBUTE)].map(([, one]) => one);
      if (new Set(names).size < names.length) return told(`<${name}> has an attribute twice`);
      if (closes === '/') {
        if (attributes !== '' || empty === '/') return told(`</${name}> holds more than its name`);
        const opened = open.pop();
        if (opened !== name)
          return told(
            opened === undefined ? `</${name}> closes nothing` : `</${name}> stands where </${opened}> is due`,
          );
      } else {
        if (open.length === 0) roots += 1;
        if (open.length === 0 && (roots > 1 || name !== root))
          return told(`<${name}> stands where one <${root}> is all`);
        if (empty !== '/') open.push(name);
      }
    }
    at += whole.length;
  }
  if (open.length > 0) return told(`<${open.at(-1)}> is never closed`);
  return roots === 1 ? null : told(`there is no <${root}>`);
}

/** By its number. */
function hasForbidden(text: string): boolean {
  return [...text.matchAll(/&#(x?)([\da-fA-F]+);/g)].some(([, hex, digits = '']) => {
    const code = Number.parseInt(digits, hex === 'x' ? 16 : 10);
    return code > 0x10ffff || String.fromCodePoint(code).search(FORBIDDEN) >= 0;
  });
}
