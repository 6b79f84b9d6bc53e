// `npm run docs`: writes the pages of docs/reference that are made from the source. With --check it only lists what is out of date.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import prettier from "prettier";
import { ROOT } from "./router-process.mjs";

const from = async (path) => import(join(ROOT, path));
const { configJsonSchema } = await from("packages/core/dist/config/json-schema.js");
const { transportSchema } = await from("packages/core/dist/config/core-schema.js");
const { liveKeys } = await from("packages/core/dist/settings/metadata.js");
const { ERRORS, OWN_URIS } = await from("packages/core/dist/errors/table.js");
const { BUILTIN } = await from("packages/core/dist/router/builtin.js");
const { loadedAlone } = await from("packages/core/dist/config/check-plugins.js");
const plugins = await Promise.all(
  [
    "anonymous",
    "ticket",
    "wampcra",
    "cryptosign",
    "scram",
    "tls",
    "totp",
    "cookie",
    "dynamic",
    "function",
    "http",
    "jwt",
    "sql",
  ].map(async (name) => loadedAlone((await from(`packages/auth-${name}/dist/index.js`)).default)),
);

const NOTICE = "<!-- Made by `npm run docs` from the source. Do not edit. -->";

/** Core's keys of a block, which have a table of their own. */
const OF_EACH_BLOCK = ["type", "default-role", "then", "alone"];

/** Declarations that the examples of the hooks need, for the test that compiles them. */
const AROUND_HOOKS = `<!-- fragments: import { once } from "node:events";
import type { Server } from "node:http";
import { deny, refuse, type RouterHooks } from "@wampgate/core";
declare const hooks: RouterHooks;
declare const banned: Set<string | null>;
declare const page: Server;
declare const histogram: { observe(labels: Record<string, string>, value: number): void };
declare const gauge: { dec(labels: Record<string, string>): void };
declare const refused: { inc(labels: Record<string, string>): void };
declare const limited: typeof refused;
declare const renewals: typeof refused;
declare const logins: typeof refused;
declare function watch(session: number, step: string, outcome: string): void;
declare function count(authid: string | null): void;
declare function isOpen(role: string | null): boolean;
declare function acl(authid: string, action: string, uri: string): Promise<boolean>;
-->`;

const schema = configJsonSchema(plugins, BUILTIN.transports);
const pages = {
  "docs/reference/config.md": configPage(),
  "docs/reference/errors.md": errorsPage(),
  "docs/reference/hooks.md": await hooksPage(),
  "docs/reference/limits.md": await limitsPage(),
};
for (const [file, text] of Object.entries(pages)) {
  const formatted = await prettier.format(text, { parser: "markdown", printWidth: 120 });
  const old = await readFile(join(ROOT, file), "utf8").catch(() => "");
  if (old === formatted) continue;
  if (process.argv.includes("--check")) {
    console.error(`${file} is out of date; run: npm run docs`);
    process.exitCode = 1;
  } else await writeFile(join(ROOT, file), formatted);
}

function configPage() {
  const { transports, ...rest } = schema.properties;
  const { auth, ...common } = transports.items.anyOf[0].properties;
  const kinds = transports.items.anyOf.map(({ properties, required }) => ({
    properties,
    required,
    type: properties.type.const,
  }));
  const shared = (key) => Object.hasOwn(transportSchema.shape, key);
  return [
    NOTICE,
    "# The config",
    "",
    "Found as `wampgate.config.{json,yaml,yml,js,mjs,cjs,ts}`, `.wampgaterc*` or `wampgate` in `package.json`, in the working directory or a folder above it, or given by `--config FILE`. One in JavaScript or TypeScript is run only from the folders of the project, up to the nearest `package.json` or `.git`; without one, from the working directory alone. The compiler checks one [in TypeScript](../guides/embedding.md#a-config-in-typescript). Folders above that anyone may write to are passed over. In any string `${NAME}` is replaced from the environment, `${NAME:-default}` has a default for a variable that is not set or empty, and `${file:path}` is the text of a file, its path relative to the config, less one newline at its end; `$${` is a literal `${`. A value that is wholly `${…}` is read as a number or boolean where one is wanted. JSON may have comments. A duration is a whole number of milliseconds (ms). What happens at a limit is told in [limits](limits.md). A reload changes everything but `plugins` and `components`. `npx wampgate schema` prints the JSON Schema, for editors.",
    "",
    "## Top level",
    ...table({ ...rest, transports }, schema.required),
    "",
    "## A realm",
    ...table(schema.properties.realms.items.properties, schema.properties.realms.items.required),
    "",
    "### Its options",
    ...table(schema.properties.realms.items.properties.options.properties),
    "",
    "## A role",
    ...table(schema.properties.realms.items.properties.roles.items.properties, ["name"]),
    "",
    "## A permission",
    "Of the rules that match a URI the most specific decides: the exact one, else the one with the most literal characters, of equals the later. On the URI of a configured authenticator only an exact rule grants `register` or `call`.",
    "",
    ...table(schema.properties.realms.items.properties.roles.items.properties.permissions.items.properties, ["uri"]),
    "",
    "## A component",
    ...table(schema.properties.components.items.properties, schema.properties.components.items.required),
    "",
    "## The log",
    ...table(schema.properties.log.properties),
    "",
    "## The side listener",
    "[What it is for](../guides/operations.md#the-side-listener).",
    "",
    ...table(schema.properties.side.properties, schema.properties.side.required),
    "",
    "## A transport",
    ...table(Object.fromEntries(Object.entries({ ...common, auth }).filter(([key]) => shared(key))), ["type", "auth"]),
    "",
    "### An endpoint",
    "Entries with the same endpoint share its port, whatever their type: WebSockets differ by their path, and a RawSocket is recognized by its first byte. They need the same `tls`, `trusted-proxies` and `proxy-protocol`.",
    "",
    ...kinds[0].properties.endpoint.oneOf.flatMap(({ properties, required }) => [
      ...table(properties, required),
      ...mappings(properties).flatMap(([key, own]) => [
        "",
        `#### \`${key}\``,
        ...table(own.properties, own.required),
        "",
      ]),
    ]),
    ...kinds.flatMap(({ type, properties, required }) => [
      "",
      `### \`type: ${type}\``,
      ...table(Object.fromEntries(Object.entries(properties).filter(([key]) => !shared(key))), required),
      "",
      ...reloadNote(properties),
      ...mappings(properties)
        .filter(([key]) => !shared(key))
        .flatMap(([key, own]) => ["", `#### \`${key}\``, ...table(own.properties, own.required)]),
    ]),
    "",
    "## A block of a method",
    "Every block has `type`, and may have these keys:",
    "",
    "| key            | holds   | meaning |",
    "| -------------- | ------- | ------- |",
    "| `default-role` | string  | the role of principals that are assigned none |",
    "| `then`         | string  | the method by which its clients must log in too, as a further factor: a key of the same `auth` |",
    "| `alone`        | boolean | whether clients may begin with the method; default: unless a `then` of this `auth` names it |",
    ...Object.entries(auth.properties).flatMap(([method, { anyOf }]) => {
      const [own] = anyOf[0].anyOf.filter(({ properties }) => properties.type.const === "static");
      return ["", `### \`${method}\`, \`type: static\``, ...blockTable(own), ...principalTable(own)];
    }),
    ...plugins
      .flatMap(({ strategies }) => strategies)
      .flatMap(({ type }) => {
        const own = auth.properties.ticket.anyOf[0].anyOf.find(({ properties }) => properties.type.const === type);
        // A token is a ticket.
        const methods = type === "jwt" ? "`ticket`" : "Any method";
        return ["", `### ${methods}, \`type: ${type}\``, ...blockTable(own), ...mappingTables(own)];
      }),
  ].join("\n");
}

function errorsPage() {
  const rows = (entries, cells) => entries.map((entry) => `| ${cells(entry).join(" | ")} |`);
  const codes = Object.entries(ERRORS).sort(([one], [other]) => (one < other ? -1 : 1));
  return [
    NOTICE,
    "# Errors",
    "",
    "The command prints each error as `WG_…: what is wrong and what to do`; `--debug` adds the stack and its causes. In programs it is `error.code`, and in the log `err.code`. A code stays the same when the words of a message change. The class says whose turn it is: a `ConfigError` is for the operator, and has all problems in `issues`; a `PluginError` for the author of `plugin`; a `WampError` is an answer over WAMP, and its `uri` says which.",
    "",
    "| code | class | meaning | what to do |",
    "|---|---|---|---|",
    ...rows(codes, ([code, { class: kind, meaning, todo }]) => [`\`${code}\``, `\`${kind}\``, meaning, todo]),
    "",
    "## URIs of this router",
    "",
    "Clients get the error and close URIs of the WAMP specification, and these:",
    "",
    "| URI | meaning | what to do |",
    "|---|---|---|",
    ...rows(Object.entries(OWN_URIS), ([uri, { meaning, todo }]) => [`\`${uri}\``, meaning, todo]),
  ].join("\n");
}

function blockTable({ properties, required }) {
  return table(
    Object.fromEntries(Object.entries(properties).filter(([key]) => !OF_EACH_BLOCK.includes(key))),
    required,
  );
}

function mappingTables({ properties }) {
  return mappings(properties).flatMap(([key, { properties: keys, required }]) => [
    "",
    `Keys of \`${key}\`:`,
    "",
    ...table(keys, required),
  ]);
}

function principalTable({ properties }) {
  const [map] = Object.entries(properties).filter(([, { additionalProperties }]) => additionalProperties?.properties);
  if (map === undefined) return [];
  const { properties: keys, required } = map[1].additionalProperties;
  return ["", `Each of \`${map[0]}\`, by authid:`, "", ...table(keys, required)];
}

function table(properties, required = []) {
  const rows = Object.entries(properties)
    .filter(([, schema]) => schema.not === undefined)
    .map(([key, schema]) => {
      const initial = required.includes(key) ? "required" : initialOf(schema);
      return `| \`${key}\` | ${kindOf(schema)} | ${initial} | ${schema.description ?? ""} |`;
    });
  return ["", "| key | holds | default | meaning |", "|---|---|---|---|", ...rows];
}

/** The default of a setting, with its unit. */
function initialOf({ default: initial, unit }) {
  if (initial === undefined) return "";
  if (unit === undefined) return `\`${JSON.stringify(initial)}\``;
  return unit === "bytes" && initial % 1024 === 0 ? `\`${initial}\` (${sizeOf(initial)})` : `\`${initial}\` ${unit}`;
}

function sizeOf(bytes) {
  return bytes % 1024 ** 2 === 0 ? `${bytes / 1024 ** 2} MiB` : `${bytes / 1024} KiB`;
}

/** The keys that hold a mapping of their own. */
function mappings(properties) {
  return Object.entries(properties).filter(([, own]) => own.properties !== undefined);
}

/** Which keys of a transport a reload changes. */
function reloadNote(properties) {
  const keys = liveKeys({ properties }).map((key) => `\`${key}\``);
  return keys.length === 0
    ? []
    : [`Of these a reload changes ${keys.join(", ")}; for the others it closes the entry, and opens the new one.`];
}

/** The page of limits: its text is in the page itself, its tables are made from the schemas. */
async function limitsPage() {
  const page = await readFile(join(ROOT, "docs/reference/limits.md"), "utf8");
  const { transports: entries, realms, ...rest } = schema.properties;
  const transports = entries.items.anyOf;
  const ofEntries = transports.flatMap((entry) => limitRows(entry).map((row) => ({ ...row, type: typeOf(entry) })));
  const rows = {
    transport: groupedByKey(ofEntries),
    realm: limitRows(realms.items.properties.options),
    process: limitRows({ properties: rest }),
  };
  return page.replace(/<!-- limits: (\w+) -->[^]*?<!-- end -->/g, (_all, part) =>
    [`<!-- limits: ${part} -->`, ...limitTable(rows[part]), "", "<!-- end -->"].join("\n"),
  );
}

/** The limits of an object's schema and of the objects in it. */
function limitRows({ properties = {}, oneOf = [] }) {
  const own = Object.entries(properties).flatMap(([key, setting]) => [
    ...(setting.limit === undefined ? [] : [{ key: setting.counter ?? key, setting }]),
    ...limitRows(setting),
  ]);
  return [...own, ...oneOf.flatMap(limitRows)];
}

function typeOf({ properties }) {
  return properties.type.const;
}

/** One row for each key and meaning. A key that not all transports have names the transports that have it. */
function groupedByKey(rows) {
  const groups = new Map();
  for (const row of rows) {
    const same = `${row.key} ${JSON.stringify(row.setting)}`;
    groups.set(same, { ...row, types: [...(groups.get(same)?.types ?? []), row.type] });
  }
  const all = new Set(rows.map(({ type }) => type)).size;
  return [...groups.values()].map(({ types, ...row }) => (types.length === all ? row : { ...row, types }));
}

function limitTable(rows) {
  return [
    "",
    "| key | default | what it limits | at the limit |",
    "|---|---|---|---|",
    ...rows.map(({ key, setting, types }) => {
      const of = types === undefined ? "" : `${types.map((type) => `\`${type}\``).join(", ")}: `;
      return `| \`${key}\` | ${initialOf(setting)} | ${of}${setting.description} | ${setting.limit} |`;
    }),
  ];
}

function kindOf(schema) {
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.enum !== undefined) return schema.enum.map((word) => `\`${word}\``).join(" or ");
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return [...new Set(choices.map(kindOf))].join(" or ");
  if (schema.type === "object" && schema.properties !== undefined) {
    return `mapping of ${Object.entries(schema.properties)
      .map(([key, own]) => `\`${key}\`${own.const === undefined ? "" : `: \`${own.const}\``}`)
      .join(", ")}`;
  }
  return (
    {
      string: "string",
      integer: "whole number",
      number: "number",
      boolean: "boolean",
      array: "list",
      object: "mapping",
    }[schema.type] ?? "anything"
  );
}

/** The docstring of each member of RouterHooks. */
async function hooksPage() {
  const source = await readFile(join(ROOT, "packages/core/src/contract/hooks.ts"), "utf8");
  const body = source.slice(source.indexOf("export interface RouterHooks"));
  const members = [...body.matchAll(/\/\*\*([^]*?)\*\/\s*readonly (\w+): ([^;]+);/g)];
  return [
    NOTICE,
    "# The hooks",
    "",
    AROUND_HOOKS,
    "",
    "`router.hooks` of an embedded router, `api.hooks` of a plugin; they are [tapable](https://github.com/webpack/tapable) hooks. Taps are added in a plugin's `apply`, or between `createRouter` and `start`; then the hooks are frozen. Every tap of a deciding hook may be async; it has until the end of the login, which `signal` tells it. What a tap throws is logged with its name, and the client is turned away with `wamp.error.authentication_failed`; nothing a tap does ends the router.",
    ...members.flatMap(([, doc, name, type]) => {
      const lines = doc
        .split("\n")
        .map((line) => line.replace(/^\s*\* ?/, ""))
        .join("\n")
        .trim();
      const [text, example] = lines.split("@example");
      return [
        "",
        `## \`${name}\``,
        "",
        `\`${type.replace(/\s+/g, " ")}\``,
        "",
        text.trim(),
        "",
        "```js",
        example.trim(),
        "```",
      ];
    }),
  ].join("\n");
}
