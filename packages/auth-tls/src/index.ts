import { createRequire } from "node:module";
import { definePlugin, type NoOptions, type z } from "@wampgate/core";
import { tls } from "./method.ts";
import type { block } from "./block.ts";

declare module "@wampgate/core" {
  interface AuthMethods {
    tls: z.input<typeof block>;
  }
  interface PluginOptions {
    "@wampgate/auth-tls": NoOptions;
  }
}

const { version } = createRequire(import.meta.url)("../package.json") as { version: string };

export default definePlugin({ name: "@wampgate/auth-tls", core: "^0.2.0", version, methods: [tls] });
