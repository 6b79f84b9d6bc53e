import { BEYOND_ASCII, CONTROL, kindsOf } from "./byte-kinds.ts";
import { decimalText } from "./decimal-text.ts";
import { isoOf } from "../time.ts";
import { ValueWriter } from "../value-writer.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;

/** Up to this length a text is copied byte by byte. */
const LONG = 48;

/** The most bytes that a character of one byte takes: `\u001f`. */
const ESCAPED = 6;

/** By the character: what stands behind the backslash, where there is a short form. */
const SHORT_ESCAPES: Readonly<Record<number, number>> = {
  0x08: 0x62,
  0x09: 0x74,
  0x0a: 0x6e,
  0x0c: 0x66,
  0x0d: 0x72,
  [QUOTE]: QUOTE,
  [BACKSLASH]: BACKSLASH,
};

/** Writes values in JSON. */
export class JsonWriter extends ValueWriter {
  readonly name = "JSON";
  protected readonly gap = 1;

  null(): void {
    this.#ascii("null");
  }

  boolean(value: boolean): void {
    this.#ascii(value ? "true" : "false");
  }

  integer(value: number): void {
    if (value >= 0 && value < 10) {
      this.value();
      this.reserve(1);
      this.out[this.at++] = 0x30 + value;
    } else this.#ascii(value === 0 ? "0" : String(value));
  }

  bigInteger(value: bigint): void {
    this.#ascii(String(value));
  }

  float(value: number): void {
    if (!Number.isFinite(value)) throw this.refused(String(value));
    const text = Object.is(value, -0) ? "-0" : String(value);
    this.#ascii(Number.isInteger(value) && !text.includes("e") ? `${text}.0` : text);
  }

  text(bytes: Buffer, begin: number, end: number): void {
    if (bytes[begin] === 0 && end > begin) throw this.refused("a text that begins with NUL, as binary does");
    this.value();
    this.#putText(bytes, begin, end);
  }

  binary(bytes: Buffer, begin: number, end: number): void {
    this.#ascii(`"\\u0000${bytes.toString("base64", begin, end)}"`);
  }

  time(seconds: bigint, nanos: number, text?: string): void {
    const iso = text ?? isoOf({ seconds, nanos });
    if (iso === null) throw this.refused("a time of that many digits");
    this.#ascii(`"${iso}"`);
  }

  override decimal(mantissa: bigint, exponent: bigint, base: 2 | 10): void {
    const text = decimalText(mantissa, exponent, base);
    if (text === null) throw this.refused("a number of that many digits");
    this.#ascii(`"${text}"`);
  }

  beginList(): void {
    this.#begin(0x5b, false);
  }

  endList(): void {
    this.#end(0x5d);
  }

  beginDict(): void {
    this.#begin(0x7b, true);
  }

  endDict(): void {
    this.#end(0x7d);
  }

  key(bytes: Buffer, begin: number, end: number): void {
    this.reserve(2);
    if (this.count > 0) this.putGap(this.at++);
    const at = this.at;
    this.#putText(bytes, begin, end);
    this.keyed(at);
    this.reserve(1);
    this.out[this.at++] = 0x3a;
  }

  protected value(): void {
    if (this.counted()) this.comma();
  }

  protected comma(): void {
    this.reserve(1);
    this.out[this.at++] = COMMA;
  }

  protected putGap(at: number): void {
    this.out[at] = COMMA;
  }

  #ascii(text: string): void {
    this.value();
    this.reserve(text.length);
    this.at += this.out.write(text, this.at, "latin1");
  }

  #begin(bracket: number, isDict: boolean): void {
    this.value();
    this.reserve(2);
    this.begin(isDict);
    this.out[this.at++] = bracket;
  }

  #end(bracket: number): void {
    this.end();
    this.reserve(1);
    this.out[this.at++] = bracket;
    this.close();
  }

  #putText(bytes: Buffer, begin: number, end: number): void {
    const size = end - begin;
    if (size > LONG && isPlain(bytes, begin, end)) {
      this.reserve(size + 2);
      this.out[this.at++] = QUOTE;
      this.at += bytes.copy(this.out, this.at, begin, end);
    } else {
      this.reserve(size * ESCAPED + 2);
      this.out[this.at++] = QUOTE;
      for (let i = begin; i < end; i++) this.#putCharacter(bytes[i] as number);
    }
    this.out[this.at++] = QUOTE;
  }

  #putCharacter(byte: number): void {
    if (byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH) {
      this.out[this.at++] = byte;
      return;
    }
    this.out[this.at++] = BACKSLASH;
    const short = SHORT_ESCAPES[byte];
    if (short !== undefined) this.out[this.at++] = short;
    else this.at += this.out.write(`u${byte.toString(16).padStart(4, "0")}`, this.at, "latin1");
  }
}

/** Writes `args` and `kwargs` of a message: a comma stands before each. */
export class JsonTailWriter extends JsonWriter {
  protected override value(): void {
    if (this.isTop) this.comma();
    super.value();
  }
}

/** Whether no character needs an escape. */
function isPlain(bytes: Buffer, begin: number, end: number): boolean {
  const part = bytes.subarray(begin, end);
  return (kindsOf(part) & ~BEYOND_ASCII & CONTROL) === 0 && !part.includes(QUOTE) && !part.includes(BACKSLASH);
}
