import { join } from "node:path";
import { describeStrategy } from "@wampgate/plugin-testkit";
import { folderOf } from "../../../jest/folder.ts";
import plugin from "./index.ts";

const folder = await folderOf({
  "auth.mjs": `export const create = ({ tickets }) => (_realm, authid, { ticket }) => {
    if (!Object.hasOwn(tickets, authid)) return null;
    if (ticket !== undefined && ticket !== tickets[authid]) throw new Error("wrong");
    return "user";
  };`,
  "empty.mjs": "export {};",
  "open.mjs": 'export const create = () => "user"; export const close = true;',
  "slip.mjs": "export const create = (",
});
const file = (name: string): string => join(folder, name);
const module = file("auth.mjs");
const config = { tickets: { joe: "a secret ticket" } };

describeStrategy(
  { describe, it },
  {
    plugin,
    type: "function",
    block: { module, config },
    authid: "joe",
    ticket: "a secret ticket",
    badBlocks: [
      { block: {}, path: "probe-authenticate.module" },
      { block: { module: 7 }, path: "probe-authenticate.module" },
      { block: { module: file("none.mjs") }, path: "probe-authenticate.module" },
      { block: { module: "no-such-package-as-this" }, path: "probe-authenticate.module" },
      { block: { module: file("empty.mjs") }, path: "probe-authenticate.module" },
      { block: { module: file("open.mjs") }, path: "probe-authenticate.module" },
      { block: { module: file("slip.mjs"), config }, path: "probe-authenticate.module" },
      { block: { module, timeout: 0 }, path: "probe-authenticate.timeout" },
      { block: { module, create: "auth.create" }, path: "probe-authenticate.create" },
      { block: { module, modul: "x" }, path: "probe-authenticate.modul" },
    ],
  },
);
