import { describeAuthMethod } from "@wampgate/plugin-testkit";
import { SigningKey } from "./keys.ts";
import plugin from "./index.ts";

const seed = "4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510";
const { publicKey } = new SigningKey(seed);
const { publicKey: other } = new SigningKey("22".repeat(32));
const keys = { authorized_keys: [other, publicKey.toUpperCase()], role: "user" };
const router = "11".repeat(32);

/** A block with one principal. */
const principal = (own: object) => ({ principals: { joe: own } });
const withKeys = (...authorized_keys: unknown[]) => principal({ authorized_keys });
const PATH = "cryptosign.principals.joe.authorized_keys";

for (const [name, options] of [
  ["without options", undefined],
  ["with a key of the router", { "router-key": router }],
] as const) {
  describe(name, () => {
    describeAuthMethod(
      { describe, it },
      {
        plugin,
        options,
        method: "cryptosign",
        block: principal(keys),
        otherBlock: { principals: { ann: { ...keys, authorized_keys: [other] } } },
        authid: "joe",
        secret: seed,
        proofIsFresh: true,
        badBlocks: [
          { block: {}, path: "cryptosign.principals" },
          { block: principal({ role: "user" }), path: PATH },
          { block: principal({ ...keys, "authorized-keys": [other] }), path: PATH },
          { block: withKeys(), path: PATH },
          { block: principal({ "authorized-keys": [] }), path: "cryptosign.principals.joe.authorized-keys" },
          { block: withKeys(publicKey, 7), path: `${PATH}[1]` },
          { block: withKeys(publicKey.slice(2)), path: `${PATH}[0]` },
          { block: withKeys(publicKey.replace(/..$/, "zz")), path: `${PATH}[0]` },
          { block: withKeys(...Array.from({ length: 17 }, () => publicKey)), path: PATH },
          { block: withKeys(`01${"00".repeat(31)}`), path: `${PATH}[0]` },
        ],
      },
    );
  });
}
