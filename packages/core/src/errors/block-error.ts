/**
 * What is wrong in a block of a strategy, or in `cluster`, for the operator: the router names the file and the line of the key, and this
 * message. It holds no values.
 *
 * @example throw new BlockError(["key-file"], "there is no such file");
 */
export class BlockError extends Error {
  override readonly name = "BlockError";
  /** The keys within the block that lead to it; empty: the block itself. */
  readonly path: readonly (string | number)[];

  /** @param options `cause`: what was thrown; `wampgate --debug` shows its stack */
  constructor(path: readonly (string | number)[], message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.path = path;
  }
}
