import { jest } from "@jest/globals";
import { type DocBlock, docPages, parsePage, placeOf } from "./support/doc-blocks.ts";
import { codeProblems, isCode } from "./support/doc-code.ts";
import { commandProblems, isCommands } from "./support/doc-commands.ts";
import { dataProblems, isData } from "./support/doc-configs.ts";

// The compiler takes seconds, and more on machines that have other work.
jest.setTimeout(60_000);

/** What the router or an example prints: other tests compare it. */
const isOutput = ({ language }: DocBlock): boolean => language === "text";
/** Of proxies: test/proxies.test.ts runs them. */
const isProxy = ({ language }: DocBlock): boolean => language === "nginx" || language === "caddyfile";
const TESTED = [isCode, isData, isCommands, isOutput, isProxy];

/** A page on which each kind of block has a mistake, to show that they are seen. The comments say the lines. */
const WRONG = parsePage(
  "wrong.md",
  [
    "<!-- fragment: declare const word: string;",
    "declare const missing: Unheard; // 2",
    "-->",
    "```ts",
    "word.shout(); // 5",
    "```",
    "",
    "```js",
    "const untyped = (value) => value;",
    "untyped(1).anything;",
    "const number = 1;",
    "number.shout(); // 12",
    "```",
    "",
    "```yaml",
    "endpoint: { type: tcp, prot: 8080 } # 16",
    "```",
    "",
    "```json",
    '{ "half": # 20',
    "```",
    "",
    "```sh",
    "npx wampgate check --verbose",
    "npm run nothing",
    "sudo reboot",
    "npm run jest -- test/nothing.test.ts",
    "```",
    "",
    "```",
    "no language, 31",
    "```",
    "",
    "<!-- foreign: kubernetes -->",
    "```yaml",
    "apiVersion: apps/v1 # 36",
    "kind: Deployment",
    "metadata: { name: wampgate }",
    "spec: { replica: 1, selector: {}, template: {} }",
    "```",
  ].join("\n"),
);

const pages = [...docPages(), WRONG];
const blocks = pages.flatMap((page) => page.blocks);

/** The problems of the pages, and apart from them where WRONG has its mistakes. */
function sorted(problems: readonly string[]): { readonly found: string[]; readonly wrong: string[] } {
  const isWrong = (problem: string): boolean => problem.startsWith(WRONG.name);
  return {
    found: problems.filter((problem) => !isWrong(problem)),
    wrong: problems.filter(isWrong).map((problem) => problem.split(": ")[0] ?? ""),
  };
}

describe("the code blocks of README.md, docs/ and the packages' pages", () => {
  it("are all of a language that is tested, and say which", () => {
    const untested = blocks.filter((block) => !TESTED.some((is) => is(block)));
    expect(sorted(untested.map(placeOf))).toEqual({ found: [], wrong: ["wrong.md:31"] });
    for (const is of TESTED) expect(blocks.some(is)).toBe(true);
  });

  it("compile under tsc --strict, JavaScript less what it cannot say, and manifests as the types of Kubernetes", () => {
    const wrong = ["wrong.md:36", "wrong.md:2", "wrong.md:5", "wrong.md:12"];
    expect(sorted(codeProblems(pages))).toEqual({ found: [], wrong });
  });

  it("are configs that the router takes, or parts that it takes in a whole one", async () => {
    expect(sorted(await dataProblems(pages))).toEqual({ found: [], wrong: ["wrong.md:16", "wrong.md:20"] });
  });

  it("name npm scripts, packages, files, and commands and flags of wampgate that are there", async () => {
    const wrong = ["wrong.md:24", "wrong.md:25", "wrong.md:26", "wrong.md:27"];
    expect(sorted(await commandProblems(pages))).toEqual({ found: [], wrong });
  });
});
