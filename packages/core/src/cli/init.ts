import { randomUUID } from "node:crypto";
import { rename, rm, writeFile } from "node:fs/promises";
import { METHOD_PACKAGES, STRATEGY_PACKAGES } from "../config/known-packages.ts";
import { UsageError } from "./usage-error.ts";

export interface InitOptions {
  readonly force?: boolean;
}

const FILE = "wampgate.config.yaml";

/** The file will hold secrets. */
const PRIVATE = 0o600;

const STARTER = `# The router's config. Check it with: npx wampgate check
# All keys: docs/reference/config.md of wampgate, or let your editor use the output of: npx wampgate schema

# Authentication comes from plugins; install each one that is listed here.
plugins:
  - "${METHOD_PACKAGES.anonymous}"
  - "${METHOD_PACKAGES.ticket}"
  # - "${METHOD_PACKAGES.wampcra}"
  # - "${STRATEGY_PACKAGES.dynamic}"

realms:
  - name: realm1
    roles:
      - name: guest
        permissions:
          # The most specific rule that matches decides; what no rule names is denied.
          - { uri: com.example.public., match: prefix, allow: { call: true, subscribe: true } }
      - name: user
        allow-by-default: true

transports:
  - type: websocket
    endpoint: { type: tcp, host: 127.0.0.1, port: 8080 }
    path: /ws
    auth:
      anonymous: { type: static, role: guest }
      ticket:
        type: static
        principals:
          # The value comes from the environment: JOE_TICKET=… npx wampgate start
          joe: { ticket: "\${JOE_TICKET}", role: user }
      # A WAMP procedure decides each login; add ${STRATEGY_PACKAGES.dynamic} to the plugins.
      # wampcra: { type: dynamic, authenticator: com.example.authenticate, authenticator-realm: realm1 }
`;

/** Writes the starter config into the working directory, and prints the next steps. */
export async function init({ force = false }: InitOptions): Promise<void> {
  try {
    if (force) await replace();
    else await writeFile(FILE, STARTER, { flag: "wx", mode: PRIVATE });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new UsageError(`${FILE} exists already; wampgate init --force overwrites it`);
  }
  console.log(`Wrote ${FILE}. Next:`);
  console.log(`  npm install @wampgate/core ${METHOD_PACKAGES.anonymous} ${METHOD_PACKAGES.ticket}`);
  console.log("  JOE_TICKET=secret npx wampgate start");
}

/** Writes a new file and renames it: others may be able to read the old one, or have it open. */
async function replace(): Promise<void> {
  const fresh = `.${FILE}.${randomUUID()}`;
  try {
    await writeFile(fresh, STARTER, { flag: "wx", mode: PRIVATE });
    await rename(fresh, FILE);
  } finally {
    await rm(fresh, { force: true });
  }
}
