import { createRequire } from "node:module";
import { definePlugin, type z } from "@wampgate/core";
import { CROSSBAR, SPEC } from "./dialect.ts";
import { hashScram } from "./hash-command.ts";
import { type block, scramMethod } from "./method.ts";

declare module "@wampgate/core" {
  interface AuthMethods {
    scram: z.input<typeof block>;
    "wamp-scram": z.input<typeof block>;
  }
}

const { version } = createRequire(import.meta.url)("../package.json") as { version: string };

export default definePlugin({
  name: "@wampgate/auth-scram",
  core: "^0.2.0",
  version,
  methods: [scramMethod(CROSSBAR), scramMethod(SPEC)],
  commands: [hashScram],
});
