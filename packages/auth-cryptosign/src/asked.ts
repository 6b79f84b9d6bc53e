import { type Dict, z } from "@wampgate/core";
import { HEX32, weaknessOf } from "./keys.ts";

/** What a client's HELLO asks for, in its `authextra`. Null: nothing, as autobahn says it. */
export interface Asked {
  /** Its public key, in lower case. */
  readonly pubkey: string | null;
  /** The bytes that the router must sign. */
  readonly challenge: Buffer | null;
  /** The name of a channel binding. */
  readonly binding: string | null;
}

const hex = (what: string): z.ZodString => z.string({ error: expected(what) }).regex(HEX32, { error: expected(what) });
const expected = (what: string): string => `expected ${what}, 64 hex digits`;

const authextra = z.object({
  pubkey: hex("an Ed25519 public key")
    .superRefine((key, context) => {
      const weakness = HEX32.test(key) ? weaknessOf(key) : null;
      if (weakness !== null) context.addIssue({ code: "custom", message: `the key ${weakness}` });
    })
    .nullish(),
  challenge: hex("32 random bytes").nullish(),
  channel_binding: z
    .string({ error: "expected the name of a channel binding" })
    .max(64, { error: "expected the name of a channel binding, not a longer text" })
    .nullish(),
});

/** Reads HELLO's `authextra`. @returns a sentence for the client if it is malformed */
export function readAuthextra(value: Readonly<Dict> | null): Asked | string {
  const { data, error } = authextra.safeParse(value ?? {});
  if (data === undefined)
    return error.issues.map(({ path, message }) => `${["authextra", ...path].join(".")}: ${message}`).join("; ");
  const { pubkey, challenge, channel_binding } = data;
  return {
    pubkey: pubkey?.toLowerCase() ?? null,
    challenge: challenge == null ? null : Buffer.from(challenge, "hex"),
    binding: channel_binding ?? null,
  };
}
