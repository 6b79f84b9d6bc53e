import type { z } from "zod";
import type { rootSchema } from "./core-schema.ts";

/** A config, as in `wampgate.config.js`. A plugin's blocks are checked when the plugin is loaded. */
export type WampgateConfig = z.input<typeof rootSchema>;

/**
 * Types a config written in JS or TS. It returns its argument.
 *
 * @example
 * import { defineConfig } from "@wampgate/core";
 * import anonymous from "@wampgate/auth-anonymous";
 *
 * export default defineConfig({
 *   plugins: [anonymous],
 *   realms: [{ name: "realm1", roles: [{ name: "guest", "allow-by-default": true }] }],
 *   transports: [{
 *     type: "websocket",
 *     endpoint: { type: "tcp", port: 8080 },
 *     auth: { anonymous: { type: "static", role: "guest" } },
 *   }],
 * });
 */
export function defineConfig(config: WampgateConfig): WampgateConfig {
  return config;
}
