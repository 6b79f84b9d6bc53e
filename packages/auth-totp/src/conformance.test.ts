import { describeAuthMethod } from "@wampgate/plugin-testkit";
import plugin from "./index.ts";

const seed = "CACKN3GRF3KQZMEK";
const other = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

const badBlocks = [
  { block: {}, path: "totp.principals" },
  { block: { principals: { joe: {} } }, path: "totp.principals.joe.seed" },
  { block: { principals: { joe: { seed: "CACKN3GRF3KQZME" } } }, path: "totp.principals.joe.seed" },
  { block: { principals: { joe: { seed: "CACKN3GRF3KQZME1" } } }, path: "totp.principals.joe.seed" },
  { block: { principals: { joe: { seed, role: "nobody" } } }, path: "totp.principals.joe.role" },
  { block: { principals: { joe: { seed, digits: 8 } } }, path: "totp.principals.joe.digits" },
  { block: { principals: {}, digits: 7 }, path: "totp.digits" },
  { block: { principals: {}, period: 14 }, path: "totp.period" },
  { block: { principals: {}, algorithm: "md5" }, path: "totp.algorithm" },
  { block: { principals: {}, window: 6 }, path: "totp.window" },
  { block: { principals: {}, "max-failures": 0 }, path: "totp.max-failures" },
  { block: { principals: {}, "lock-time": 0 }, path: "totp.lock-time" },
  { block: { principals: {}, store: { type: "file" } }, path: "totp.store.filename" },
  { block: { principals: {}, store: { type: "redis" } }, path: "totp.store.type" },
];

const variants = [
  ["of six digits", {}],
  ["of eight digits by SHA-512", { digits: 8, algorithm: "sha512", period: 60 }],
] as const;

for (const [name, settings] of variants) {
  describe(`codes ${name}`, () => {
    describeAuthMethod(
      { describe, it },
      {
        plugin,
        // The client's half goes by the plugin's options.
        options: settings,
        method: "totp",
        block: { principals: { joe: { seed, role: "user" } }, window: 5 },
        otherBlock: { principals: { ann: { seed: other, role: "user" } } },
        authid: "joe",
        secret: seed,
        proofIsFresh: true,
        badBlocks,
      },
    );
  });
}
