import { z } from "@wampgate/core";

/** What the config may say of both methods, beside their blocks: `plugins: [["@wampgate/auth-scram", { … }]]`. */
export const options = z.strictObject({
  "channel-binding": z
    .enum(["optional", "required", "off"])
    .default("optional")
    .describe("whether a client may, must or must not bind its login to its TLS connection; scram never can")
    .meta({ shown: true }),
});

export type Options = z.output<typeof options>;
