import { load } from "js-yaml";
import { createRouter, isDict, type WampgateConfig } from "@wampgate/core";
import { CapturedLog } from "@wampgate/plugin-testkit";
import { type DocBlock, type DocPage, placeOf } from "./doc-blocks.ts";
import { folderWith } from "./cli.ts";

type Dict = Record<string, unknown>;

export const isData = ({ language }: DocBlock): boolean => language === "yaml" || language === "json";

/** What a part of a config stands in, for each block anew: all official packages, and the realms that the pages speak of. */
function around(): { plugins: unknown; realms: Dict[]; transports: Dict[] } & Dict {
  const authenticate = { uri: "com.example.authenticate", match: "exact", allow: { register: true } };
  return {
    plugins: ["anonymous", "ticket", "wampcra", "cryptosign", "scram", "tls", "totp", "cookie", "dynamic"].map(
      (name) => `@wampgate/auth-${name}`,
    ),
    realms: [
      { name: "realm1", roles: [{ name: "user" }, { name: "guest" }] },
      { name: "realm-auth", roles: [{ name: "authenticator", permissions: [authenticate] }] },
    ],
    transports: [
      {
        type: "websocket",
        endpoint: { type: "tcp", host: "127.0.0.1", port: 8080 },
        auth: { anonymous: { type: "static", role: "user" } },
      },
    ],
  };
}

const ROOT_KEYS = ["plugins", "realms", "transports", "components", "log", "side", "cluster", "shutdown-timeout"];
const REALM_KEYS = ["roles", "options"];

/** The config that a block shows, or one that has all it shows in its place: what is no key of the root or of a realm is a transport's. */
function wholeOf(shown: Dict): Dict {
  if ("realms" in shown && "transports" in shown) return shown;
  const whole = around();
  for (const [key, value] of Object.entries(shown)) {
    if (key === "plugins" && !("auth" in shown))
      whole.plugins = [...(whole.plugins as unknown[]), ...(value as unknown[])];
    else if (ROOT_KEYS.includes(key)) whole[key] = value;
    else if (REALM_KEYS.includes(key)) (whole.realms[0] as Dict)[key] = value;
    else (whole.transports[0] as Dict)[key] = value;
  }
  return whole;
}

/** Reads each block of YAML or JSON, and loads those that are the router's config, or a part of it. @returns what is wrong */
export async function dataProblems(pages: readonly DocPage[]): Promise<string[]> {
  const problems: string[] = [];
  for (const page of pages) {
    for (const block of page.blocks.filter(isData)) {
      await check(block, page).catch((error: unknown) => {
        problems.push(`${placeOf(block)}: ${error instanceof Error ? error.message : String(error)}`);
      });
    }
  }
  return problems;
}

async function check(block: DocBlock, page: DocPage): Promise<void> {
  const shown: unknown = block.language === "json" ? JSON.parse(block.text) : load(block.text);
  if (block.note?.kind === "foreign") return;
  if (!isDict(shown)) throw new Error("expected a mapping");
  // Other JSON is what the router says, not what it is told.
  if (block.language === "json" && !ROOT_KEYS.some((key) => key in shown)) return;
  for (const [, name = ""] of block.text.matchAll(/\$\{(\w+)\}/g))
    process.env[name] ??= name.endsWith("_SEED") ? "CACKN3GRF3KQZMEK" : "a value that is long enough to be a key";
  const config = wholeOf(shown);
  const cwd = await folderWith(filesOf(page));
  await createRouter(config as unknown as WampgateConfig, { cwd, log: new CapturedLog() });
}

/** The files that the page's blocks are: a component beside the config that names it. */
function filesOf({ blocks, hidden }: DocPage): Record<string, string> {
  const shown = blocks.flatMap(({ note, text }) => (note?.kind === "file" ? [[note.text, text] as const] : []));
  return Object.fromEntries([...shown, ...hidden.map(({ name, text }) => [name, text] as const)]);
}
