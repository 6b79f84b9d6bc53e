import { createRequire } from "node:module";
import { definePlugin, type z } from "@wampgate/core";
import { keygen } from "./keygen-command.ts";
import { cryptosign } from "./method.ts";
import { options } from "./options.ts";
import type { blockSchema } from "./principals.ts";

declare module "@wampgate/core" {
  interface AuthMethods {
    cryptosign: z.input<ReturnType<typeof blockSchema>>;
  }
  interface PluginOptions {
    "@wampgate/auth-cryptosign": z.input<typeof options>;
  }
}

const { version } = createRequire(import.meta.url)("../package.json") as { version: string };

export default definePlugin({
  name: "@wampgate/auth-cryptosign",
  core: "^0.2.0",
  version,
  options,
  methods: (own) => [cryptosign(own)],
  commands: [keygen],
});
