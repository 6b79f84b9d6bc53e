/** How much of a text is shown. */
const MOST_CHARACTERS = 200;

/** What is shown takes so many bytes at most where it stands in a message of JSON, in which quotes and backslashes are two. */
const MOST_BYTES = 400;

/** What most names are made of. */
const PLAIN = /^[ !#-[\]-~]*$/;

/** Characters that cannot be seen, break lines, or turn the direction of what follows; and halves of characters. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/**
 * A text that came from outside, as it may stand in a sentence: its first 200 characters, those that cannot be seen
 * escaped as in JSON. What is refused may be megabytes long, and the refusal, and the line in the log, should not be.
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

/** `\u0007`, or `\u{e0001}` */
function escaped(character: string): string {
  const code = (character.codePointAt(0) as number).toString(16);
  return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, "0")}`;
}

/** In JSON. */
function bytesOf(shown: string): number {
  return Buffer.byteLength(shown) + (/^["\\]/.test(shown) ? 1 : 0);
}
