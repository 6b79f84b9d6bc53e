import { isUri, z } from "@wampgate/core";

const milliseconds = z
  .int()
  .min(0)
  .max(2 ** 31 - 1)
  .meta({ unit: "ms" });

/** The keys of a block of `type: dynamic`. */
export const block = z.strictObject({
  authenticator: z
    .string()
    .refine((uri) => isUri(uri), "expected the URI of a procedure")
    .describe("the procedure that decides each login")
    .meta({ shown: true }),
  "authenticator-realm": z
    .string()
    .optional()
    .describe("the realm it is called in; default: the realm in HELLO")
    .meta({ shown: true }),
  "authenticator-role": z
    .literal("trusted", {
      error: "only trusted is possible, and the default: the router itself calls the authenticator",
    })
    .optional()
    .describe("accepted for compatibility with Crossbar; it has no effect"),
  expose_controller: z
    .never({
      error: "expose_controller is left out: an authenticator gets no controller of the router; write a plugin",
    })
    .optional(),
  timeout: milliseconds.min(1).meta({ unit: "ms" }).default(10_000).describe("how long the authenticator may take"),
  wait: milliseconds.default(0).describe("how long a login waits for an authenticator that is not registered"),
});

export type Block = z.output<typeof block>;
