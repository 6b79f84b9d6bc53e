/**
 * Where texts are kept, by key. It may lose them. What is written, and not lost, must be read from then on; what is deleted
 * must not.
 */
export interface Store {
  /** The text that was set last; undefined if there is none, or if it is over. */
  get(key: string): string | undefined | Promise<string | undefined>;
  /**
   * @param expires when it is over, in milliseconds since 1970
   * @param owner whose text it is: of one owner the oldest may be dropped
   */
  set(key: string, text: string, expires: number, owner: string): void | Promise<void>;
  delete(key: string): void | Promise<void>;
  close(): void | Promise<void>;
}

/** What a store is for: it keeps that apart from all else, and messages name it. */
export interface Purpose {
  /** What is kept, in the plural: `cookies`. Also the name of its table, and of its namespace in a store of Keyv. */
  readonly what: string;
  /** What happens while the store fails, as a sentence: `clients log in without them meanwhile`. */
  readonly meanwhile: string;
}

/** How many texts of one owner are kept. With one more, the oldest is forgotten. */
export const MOST_OF_ONE = 100;
