/**
 * Where logins are kept, by key. It may lose them: then their clients log in once more. What is written, and not lost, must
 * be read from then on; what is deleted must not.
 */
export interface LoginStore {
  /** The text that was set last; undefined if there is none, or if it is over. */
  get(key: string): string | undefined | Promise<string | undefined>;
  /**
   * @param expires when it is over, in milliseconds since 1970
   * @param owner whose login it is: of one owner the oldest may be dropped
   */
  set(key: string, text: string, expires: number, owner: string): void | Promise<void>;
  delete(key: string): void | Promise<void>;
  close(): void | Promise<void>;
}

/** How many logins of one user are kept. With one more, the oldest is forgotten: a user has not more browsers. */
export const MOST_OF_ONE = 100;
