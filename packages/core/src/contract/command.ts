/** A flag of a command, by its name without the dashes. */
export interface CommandFlag {
  /** One line for `--help`. It also says what holds without the flag. */
  readonly description: string;
  /** What its value is, for `--help`: `--salt <text>`. Without it the flag takes no value. */
  readonly value?: string;
}

export type CommandFlags = Readonly<Record<string, CommandFlag>>;

/** What a command is called with: the text of each flag that takes a value, and of the others whether they are there. */
export type FlagValues<F> = {
  readonly [K in keyof F]: F[K] extends { readonly value: string } ? string | undefined : boolean;
};

/** A value that stands behind the command's name, without a flag. */
export interface CommandArgument {
  readonly name: string;
  /** One line for `--help`. */
  readonly description: string;
  /** Default: it is needed. Those that may be left out come last. */
  readonly isOptional?: boolean;
}

/** How a command was called, and what it may do. */
export interface CommandCall<F = CommandFlags> {
  /** In the order of `arguments`. What was left out is missing at the end. */
  readonly args: readonly string[];
  readonly flags: FlagValues<F>;
  /** Writes a line to stdout: the result, which another program may read. */
  readonly print: (text: string) => void;
  /** Writes a line to stderr: what only people read. */
  readonly note: (text: string) => void;
  /**
   * Reads a secret: at a terminal it is asked for twice and not shown, from a pipe it is the first line. Do not take
   * secrets as flags or arguments: they would stand in the shell's history and in the list of processes.
   *
   * @param what what it is, with a capital letter: `Password`
   * @throws UsageError if there is none
   */
  readonly readSecret: (what: string) => Promise<string>;
}

/** A command of a plugin: `wampgate <name>`. It runs without a router. */
export interface Command<F = CommandFlags> {
  /** Small letters, digits and `-`. */
  readonly name: string;
  /** One line for `--help`. */
  readonly description: string;
  readonly arguments?: readonly CommandArgument[];
  readonly flags?: F;
  /** @throws UsageError if it is called wrongly: the exit code is then 2; anything else that it throws gives 1 */
  readonly run: (call: CommandCall<F>) => void | Promise<void>;
}
