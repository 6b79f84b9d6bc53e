/** How many characters of a text are shown. */
const MOST_CHARACTERS = 200;

/** How many bytes the shown text may take in a JSON message, in which quotes and backslashes take two. */
const MOST_BYTES = 400;

/** The characters of most names. */
const PLAIN = /^[ !#-[\]-~]*$/;

/** Characters that cannot be seen, break lines, or turn the direction of what follows; and halves of characters. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/**
 * A text from outside, made safe for a sentence: its first 200 characters, with invisible ones escaped as in JSON. A
 * refused text may be megabytes long, but the refusal and the log line should be short.
 */
export function excerpt(text: string): string {
  if (text.length <= MOST_CHARACTERS && PLAIN.test(text)) return text;
  let shown = "";
  let characters = 0;
  let bytes = 0;
  for (const character of text) {
    const next = HIDDEN.test(character) ? escaped(character) : character;
    bytes += bytesOf(next);
    if (++characters > MOST_CHARACTERS || bytes > MOST_BYTES) return `${shown}…`;
    shown += next;
  }
  return shown;
}

/** How long a text from outside may be that is kept for the operator. */
const MOST_KEPT = 256;

/** The beginning of a text from outside that is kept, with nothing escaped. The rest of it is not kept in memory. */
export function clip(text: string): string {
  if (text.length <= MOST_KEPT) return text;
  // A part of a string keeps all of it in memory.
  const copy = Buffer.from(text.slice(0, MOST_KEPT - 1).replace(/[\ud800-\udbff]$/, "")).toString();
  return `${copy}…`;
}

/** `\u0007`, or `\u{e0001}` */
function escaped(character: string): string {
  const code = (character.codePointAt(0) as number).toString(16);
  return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, "0")}`;
}

/** In JSON. */
function bytesOf(shown: string): number {
  return Buffer.byteLength(shown) + (/^["\\]/.test(shown) ? 1 : 0);
}
