import { z } from "@wampgate/core";

/** The keys of a block of `type: function`. */
export const block = z.strictObject({
  module: z
    .string()
    .min(1)
    .describe("the module whose function `create` makes the authenticator: a file beside the config, or a package")
    .meta({ shown: true }),
  config: z.unknown().optional().describe("what `create` gets"),
  timeout: z
    .int()
    .min(1)
    .max(2 ** 31 - 1)
    .default(10_000)
    .describe("how long the function may take")
    .meta({ unit: "ms" }),
  create: z
    .never({
      error:
        'create: "module.function" names a function in Python for Crossbar; here write module: "./my-auth.js", a JavaScript module that exports create',
    })
    .optional(),
  expose_controller: z
    .never({ error: "expose_controller is left out: a function gets no controller of the router; write a plugin" })
    .optional(),
});

export type Block = z.output<typeof block>;
