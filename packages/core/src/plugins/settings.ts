import { z } from "zod";
import type { Plugin } from "../contract/plugin.ts";
import { milliseconds } from "../settings/metadata.ts";
import { isPlugin } from "./define.ts";
import type { Component } from "./start-component.ts";

const plugin = z.custom<Plugin>(isPlugin);
const EXPECTED = "expected a package's name, a file, or a plugin made by definePlugin";
const name = z.union([z.string().min(1), plugin], { error: EXPECTED });
const pluginEntry = z.union([name, z.tuple([name, z.record(z.string(), z.unknown())])], {
  error: `${EXPECTED}, or a list of one of them and its options`,
});

export const pluginsSchema = z
  .array(pluginEntry)
  .describe('the plugins: packages or files, or `["name", { …options }]`; in a JS config the plugins themselves');

const component = z.custom<Component>((value) => typeof value === "function");

export const componentSchema = z.strictObject({
  module: z
    .union([z.string().min(1), component], { error: "expected a JavaScript file, a package or a function" })
    .describe("a file or package whose default export is the component"),
  realm: z.string().describe("the realm it joins"),
  role: z.string().describe("its role there"),
  authid: z.string().min(1).default("component").describe("its authid"),
  config: z.unknown().optional().describe("passed to it as second argument"),
  nodes: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe("the nodes of the cluster that run it; default: each node, and of workers the first one"),
  timeout: milliseconds().default(30_000).describe("how long it may take to set itself up"),
});
