import { createRequire } from "node:module";
import { definePlugin, type z } from "@wampgate/core";
import { CROSSBAR, SPEC } from "./dialect.ts";
import { hashScram } from "./hash-command.ts";
import { type block, scramMethod } from "./method.ts";
import { options } from "./options.ts";

declare module "@wampgate/core" {
  interface AuthMethods {
    scram: z.input<typeof block>;
    "wamp-scram": z.input<typeof block>;
  }
  interface PluginOptions {
    "@wampgate/auth-scram": z.input<typeof options>;
  }
}

const { version } = createRequire(import.meta.url)("../package.json") as { version: string };

export default definePlugin({
  name: "@wampgate/auth-scram",
  core: "^0.2.0",
  version,
  options,
  methods: (own) => [scramMethod(CROSSBAR, own), scramMethod(SPEC, own)],
  commands: [hashScram],
});
