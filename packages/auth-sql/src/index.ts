import { createRequire } from "node:module";
import { BlockError, defineStrategy, definePlugin, type NoOptions, type z } from "@wampgate/core";
import { type Block, block } from "./block.ts";
import { checkBlock } from "./check.ts";
import { DatabaseError } from "./database.ts";
import { openBlock, problemInAnswer, type SqlBlock } from "./open-block.ts";
import { resolvePrincipal } from "./resolve.ts";

/** The strategy `sql`: principals are rows of a database. */
export const sql = defineStrategy<Block, SqlBlock>({
  type: "sql",
  block,
  check: checkBlock,
  async probe(own, { signal, resolve }) {
    const problem = await problemInAnswer(own, signal, resolve).catch((error: unknown) => {
      if (error instanceof BlockError) throw error;
      const key = error instanceof DatabaseError && error.problem === "query" ? "query" : "connection";
      throw new BlockError([key], `the database cannot be asked: ${(error as Error).message}`);
    });
    if (problem !== null) throw new BlockError(["columns"], problem);
    return "the database answers";
  },
  open: (own, api, { at, resolve }) => openBlock(own, api.log.child({ block: at }), resolve),
  resolve: resolvePrincipal,
  decoy: (query, { decoys }) => decoys.make(query),
});

declare module "@wampgate/core" {
  interface Strategies {
    sql: z.input<typeof block>;
  }
  interface PluginOptions {
    "@wampgate/auth-sql": NoOptions;
  }
}

const { version } = createRequire(import.meta.url)("../package.json") as { version: string };

export default definePlugin({ name: "@wampgate/auth-sql", core: "^0.2.0", version, strategies: [sql] });
