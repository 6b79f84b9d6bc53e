import { utimes } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { CapturedLog } from "@wampgate/plugin-testkit";
import { folderOf } from "../../../jest/folder.ts";
import { defineAuthenticator } from "./authenticator.ts";
import { block } from "./block.ts";
import { openBlock } from "./open-block.ts";

const folder = await folderOf({
  "none.mjs": "export const create = () => 7;",
  "object.mjs": "export const create = () => ({ open: true });",
  "nothing.mjs": "export const create = () => undefined;",
  "throws.mjs": "throw undefined;",
  "counts.mjs": "let made = 0; export const create = () => { const mine = ++made; return () => String(mine); };",
});

const resolveModule = (name: string): string => (name.includes(":") ? name : pathToFileURL(join(folder, name)).href);

const open = (module: string) => openBlock(block.parse({ module }), new CapturedLog(), { resolveModule });

it.each(["none.mjs", "object.mjs", "nothing.mjs"])(
  "what create of %s gives is no function: the block does not open",
  async (name) => {
    await expect(open(name)).rejects.toMatchObject({
      path: ["module"],
      message: `create of "${name}" gave no authenticate(realm, authid, details), and no { authenticate, close }`,
    });
  },
);

it("a module that throws nothing, or that no file has, is named", async () => {
  await expect(open("throws.mjs")).rejects.toThrow(
    '"throws.mjs" does not load: something other than an Error was thrown',
  );
  await expect(open("missing.mjs")).rejects.toThrow('the file "missing.mjs" does not exist');
  await expect(open("nowhere:x")).rejects.toThrow('"nowhere:x" does not load');
});

it("a module is imported once, and again when its file has changed", async () => {
  const asked = async (): Promise<unknown> => {
    const { value } = await open("counts.mjs");
    return value.authenticate(null, null, {} as never, { signal: new AbortController().signal });
  };
  expect([await asked(), await asked()]).toEqual(["1", "2"]);
  await utimes(join(folder, "counts.mjs"), new Date(), new Date(Date.now() + 5000));
  expect([await asked(), await asked()]).toEqual(["1", "2"]);
});

it("defineAuthenticator gives back what it types", () => {
  const create = () => () => "user";
  expect(defineAuthenticator(create)).toBe(create);
});
