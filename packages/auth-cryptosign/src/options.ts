import { z } from "@wampgate/core";
import { HEX32 } from "./keys.ts";

/** What the config may say of the method, beside its blocks: `plugins: [["@wampgate/auth-cryptosign", { … }]]`. */
export const options = z.strictObject({
  "router-key": z
    .string()
    .regex(HEX32, { error: "expected a private key, 64 hex digits, as wampgate keygen makes it" })
    .optional()
    .describe("the private key with which the router proves to clients who it is; default: it does not"),
  "channel-binding": z
    .enum(["optional", "required", "off"])
    .default("optional")
    .describe("whether a client may, must or must not bind its login to its TLS connection")
    .meta({ shown: true }),
  "tls-unique-on-tls13": z
    .boolean()
    .default(true)
    .describe("whether the channel binding tls-unique is taken on TLS 1.3, as by Crossbar; no RFC defines it there")
    .meta({ shown: true }),
});

export type Options = z.output<typeof options>;
