import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { jest } from "@jest/globals";
import { type DocBlock, type DocPage, placeOf, ROOT } from "./doc-blocks.ts";
import { main } from "../../packages/core/src/cli/main.ts";

export const isCommands = ({ language }: DocBlock): boolean => language === "sh" || language === "ini";

/** Programs of others, whose arguments are theirs to check. */
const FOREIGN = ["git", "certbot", "docker", "export", "/bin/kill", "mkdir", "cd", "jest", "nats-server"];

/** Finds fault with the arguments of a program; null where there is none to find. */
type Check = (args: readonly string[]) => Promise<string | null> | string | null;

const CHECKS: Readonly<Record<string, Check>> = {
  npm,
  npx: ([program = "", ...args]) => checked([program, ...args]),
  wampgate,
};

/** Looks whether each command in the blocks of the shell and of systemd is there. @returns what is wrong, by page and line */
export async function commandProblems(pages: readonly DocPage[]): Promise<string[]> {
  const problems: string[] = [];
  for (const block of pages.flatMap(({ blocks }) => blocks).filter(isCommands)) {
    for (const [at, line] of block.text.split("\n").entries()) {
      const words = wordsOf(block.language === "ini" ? (/^Exec\w+=(.*)/.exec(line)?.[1] ?? "") : line);
      const problem = words.length === 0 ? null : await checked(words);
      if (problem !== null) problems.push(`${placeOf({ ...block, line: block.line + at })}: ${problem}`);
    }
  }
  return problems;
}

/** A command without comments and the variables that are set before it. */
function wordsOf(line: string): string[] {
  const words = line.replace(/(^|\s)#.*$/, "").match(/"[^"]*"|\S+/g) ?? [];
  const first = words.findIndex((word) => !/^[A-Z_]+=/.test(word));
  return first === -1 ? [] : words.slice(first);
}

async function checked([path = "", ...args]: readonly string[]): Promise<string | null> {
  if (FOREIGN.includes(path)) return null;
  const program = path.replace(/^.*node_modules\/\.bin\//, "");
  return (await CHECKS[program]?.(args)) ?? (program in CHECKS ? null : `no test knows the program ${program}`);
}

const { scripts, devDependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Record<
  "scripts" | "devDependencies",
  Record<string, string>
>;

function npm([command = "", ...args]: readonly string[]): string | null {
  const words = args.filter((word) => !word.startsWith("-"));
  switch (command) {
    case "start":
    case "test":
      return command in scripts ? null : `package.json has no script ${command}`;
    case "run":
      return scriptProblem(words);
    case "install":
      return packageProblem(words);
    case "init":
    case "pack":
    case "publish":
      return null;
    default:
      return `no test knows npm ${command}`;
  }
}

function scriptProblem([script = "", ...args]: readonly string[]): string | null {
  if (!(script in scripts)) return `package.json has no script ${script}`;
  if (script === "example" && args.some((name) => !existsSync(join(ROOT, "examples", name)))) return "no such example";
  // Jest takes the beginning of a path.
  const missing = script === "jest" ? args.find((path) => !isBeginning(path)) : undefined;
  return missing === undefined ? null : `there is no ${missing}`;
}

function isBeginning(path: string): boolean {
  const folder = join(ROOT, path, "..");
  return existsSync(folder) && readdirSync(folder).some((name) => join(folder, name).startsWith(join(ROOT, path)));
}

function packageProblem(names: readonly string[]): string | null {
  const isOwn = (name: string): boolean => existsSync(join(ROOT, "packages", name.replace("@wampgate/", "")));
  const unknown = names.find((name) => !(name in devDependencies) && !isOwn(name));
  return unknown === undefined ? null : `the project has no package ${unknown}`;
}

/** What `wampgate` says of itself, or of one of its commands. In this process: a new one for each takes seconds. */
async function helpOf(command: string): Promise<string> {
  const written = jest.spyOn(process.stdout, "write").mockReturnValue(true);
  try {
    await main(command === "" ? ["--help"] : [command, "--help"]);
    return written.mock.calls.map(([text]) => String(text)).join("");
  } finally {
    written.mockRestore();
  }
}

async function wampgate(args: readonly string[]): Promise<string | null> {
  const [first = ""] = args;
  const command = first.startsWith("-") ? "" : first;
  if (command !== "" && !new RegExp(`^  ${command}\\b`, "m").test(await helpOf("")))
    return `wampgate has no ${command}`;
  const flags: string[] = (await helpOf(command)).match(/(?<=[ ,])--?[a-z][\w-]*/gi) ?? [];
  const unknown = args.find((word) => word.startsWith("-") && !flags.includes(word.replace(/=.*$/, "")));
  return unknown === undefined ? null : `wampgate ${command} has no ${unknown}`;
}
