import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { jest } from "@jest/globals";
import ts from "typescript";
import { STARTERS } from "../packages/core/src/cli/starter.ts";
import { compilerHost } from "./support/compiler-host.ts";
import { ROOT } from "./support/doc-blocks.ts";
import { OPTIONS } from "./support/doc-code.ts";

// test/types/ is compiled by `npm test`, and each of its errors is expected there. Here they are not, and are compared.

// The compiler takes seconds, and more on machines that have other work.
jest.setTimeout(60_000);

const FOLDER = join(ROOT, "test/types");
const FILES = readdirSync(FOLDER).map((name) => join(FOLDER, name));
const EXPECTED = /@ts-expect-error ?(.*)$/;

function errorsIn(options: ts.CompilerOptions, texts: ReadonlyMap<string, string>): readonly ts.Diagnostic[] {
  return ts.getPreEmitDiagnostics(ts.createProgram([...texts.keys()], options, compilerHost(options, texts)));
}

const messageOf = ({ messageText }: ts.Diagnostic): string => ts.flattenDiagnosticMessageText(messageText, "\n");

/** Whether the parts of `expected`, between its `…`, are in the message in this order. */
function says(message: string, expected: string): boolean {
  let at = 0;
  return expected.split("…").every((part) => {
    const found = message.indexOf(part.trim(), at);
    at = found + part.trim().length;
    return found !== -1;
  });
}

it("npm test compiles all of test/types", () => {
  const { config } = ts.readConfigFile(join(ROOT, "tsconfig.lint.json"), (name) => ts.sys.readFile(name)) as {
    config: unknown;
  };
  const { fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  expect(fileNames).toEqual(expect.arrayContaining(FILES));
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: { test: string } };
  expect(scripts.test).toContain("tsc -p tsconfig.lint.json");
});

it("each error expected in test/types is there, says what the comment says, and is the only one; init writes a config without", () => {
  const texts = new Map(FILES.map((name) => [name, readFileSync(name, "utf8")]));
  const expected = [...texts].flatMap(([name, text]) =>
    text.split("\n").flatMap((line, i) => {
      const [, message] = EXPECTED.exec(line) ?? [];
      return message === undefined ? [] : [{ name, line: i + 1, message }];
    }),
  );
  expect(expected.length).toBeGreaterThan(30);
  const unexpecting = new Map([...texts].map(([name, text]) => [name, text.replaceAll("@ts-expect-error", "here")]));
  unexpecting.set(join(FOLDER, "starter.ts"), STARTERS.ts);
  const left = errorsIn(OPTIONS, unexpecting).map((error) => {
    const { line = -1 } = error.file?.getLineAndCharacterOfPosition(error.start ?? 0) ?? {};
    return { name: error.file?.fileName, line, message: messageOf(error) };
  });
  const wrong = expected.flatMap((one) => {
    const at = left.findIndex(({ name, line }) => name === one.name && line === one.line);
    const [found] = at === -1 ? [] : left.splice(at, 1);
    return found !== undefined && says(found.message, one.message) ? [] : [{ ...one, found: found?.message }];
  });
  expect({ wrong, left }).toEqual({ wrong: [], left: [] });
});

it("the blocks of official packages that a program does not import are not checked, but the names of methods are", () => {
  const text = `
    import { createRouter, defineConfig } from "@wampgate/core";
    const plugins = ["@wampgate/auth-anonymous", "@wampgate/auth-ticket"];
    const realms = [{ name: "realm1", roles: [{ name: "user" }] }];
    const auth = { anonymous: { type: "static" }, ticket: { type: "dynamic", authenticator: "a.b" } } as const;
    defineConfig({ plugins, realms, transports: [{ type: "memory", auth }] });
    defineConfig({ plugins, realms, transports: [{ type: "memory", auth: { anonymos: { type: "static" } } }] });
  `;
  expect(errorsIn(OPTIONS, new Map([[join(FOLDER, "imports-none.ts"), text]])).map(messageOf)).toEqual([
    "Object literal may only specify known properties, but 'anonymos' does not exist in type 'AuthConfig'. Did you mean to write 'anonymous'?",
  ]);
});
