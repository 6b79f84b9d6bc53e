import { basename } from "node:path";
import type { CodeOf } from "./table.ts";
import { WampgateError } from "./wampgate-error.ts";

/** One problem of a config: its place, and what was found and expected. */
export interface ConfigIssue {
  /** The keys that lead to it, outermost first. */
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** The line of the file, counted from 1; absent if it is unknown, as in a config in JavaScript. */
  readonly line?: number;
  /** What was thrown, if a plugin failed to load: `wampgate --debug` shows its stack. */
  readonly cause?: unknown;
}

/** The operator's config is wrong. All its problems are in `issues`. */
export class ConfigError extends WampgateError {
  override readonly name = "ConfigError";
  readonly file: string;
  readonly issues: readonly ConfigIssue[];

  constructor(file: string, issues: readonly ConfigIssue[], code: CodeOf<"ConfigError"> = "WG_CONFIG_INVALID") {
    const lines = issues.map((issue) => `  ${issueText(issue, file)}`);
    super(code, `${file}: ${issues.length} ${issues.length === 1 ? "problem" : "problems"}\n${lines.join("\n")}`);
    this.file = file;
    this.issues = issues;
  }
}

/** `wampgate.config.yaml:12: transports[0].auth.ticket: what is wrong` */
export function issueText({ path, message, line }: ConfigIssue, file: string): string {
  const place = line === undefined ? "" : `${basename(file)}:${line}: `;
  return path.length > 0 ? `${place}${pathText(path)}: ${message}` : `${place}${message}`;
}

/** `transports[0].auth.ticket` */
export function pathText(path: readonly (string | number)[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    return text === "" ? key : `${text}.${key}`;
  }, "");
}
