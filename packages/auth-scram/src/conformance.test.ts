import { describeAuthMethod } from "@wampgate/plugin-testkit";
import { deriveKeys } from "./derive.ts";
import { CROSSBAR, type Dialect, SPEC } from "./dialect.ts";
import type { Kdf } from "./credential.ts";
import plugin from "./index.ts";

const SALT = "5b6d99689d12358eeca04b141236fa81";

async function keysIn(dialect: Dialect, kdf: Kdf) {
  const { storedKey, serverKey } = await deriveKeys(dialect, "pencil", Buffer.from(SALT, "hex"), kdf);
  return { salt: SALT, "stored-key": storedKey.toString("hex"), "server-key": serverKey.toString("hex") };
}

const ARGON2 = { kdf: "argon2id-13", iterations: 3, memory: 512 };
const PBKDF2 = { kdf: "pbkdf2", iterations: 4096 };

for (const dialect of [CROSSBAR, SPEC]) {
  const variants = [
    { ...ARGON2, ...(await keysIn(dialect, { name: "argon2id", iterations: 3, memory: 512 })) },
    { ...PBKDF2, ...(await keysIn(dialect, { name: "pbkdf2", iterations: 4096 })) },
  ];
  for (const own of variants) {
    const { method } = dialect;
    const having = (more: object): object => ({ principals: { joe: { ...own, ...more } } });
    describe(`with ${own.kdf}`, () => {
      describeAuthMethod(
        { describe, it },
        {
          plugin,
          method,
          block: { principals: { user: { ...own, role: "user" } } },
          otherBlock: { principals: { ann: { ...own, role: "user" } } },
          authid: "user",
          secret: "pencil",
          proofIsFresh: true,
          badBlocks: [
            { block: {}, path: `${method}.principals` },
            { block: having({ kdf: "argon2" }), path: `${method}.principals.joe.kdf` },
            { block: having({ kdf: "argon2id13", memory: undefined }), path: `${method}.principals.joe.memory` },
            { block: having({ salt: "5b6d" }), path: `${method}.principals.joe.salt` },
            { block: having({ salt: `${SALT}0` }), path: `${method}.principals.joe.salt` },
            {
              block: having({ "stored-key": "W22ZaJ0SNY7soEsUEjb6gQ==" }),
              path: `${method}.principals.joe.stored-key`,
            },
            { block: having({ "server-key": undefined }), path: `${method}.principals.joe.server-key` },
            { block: having({ iterations: 0 }), path: `${method}.principals.joe.iterations` },
            { block: having({ iterations: 1_000_001 }), path: `${method}.principals.joe.iterations` },
            {
              block: having({ kdf: "argon2id-13", memory: 512, iterations: 10_001 }),
              path: `${method}.principals.joe.iterations`,
            },
            {
              block: having({ kdf: "argon2id-13", memory: 1_048_576, iterations: 17 }),
              path: `${method}.principals.joe.iterations`,
            },
          ].map(({ block, path }) => ({ block: block, path })),
        },
      );
    });
  }
}
