import { describeAuthMethod } from "@wampgate/plugin-testkit";
import plugin from "./index.ts";

const salting = { salt: "salt123", iterations: 100, keylen: 16 };

const variants = [
  ["with a plain secret", { secret: "secret1" }],
  ["with a plain password", { password: "secret1" }],
  ["with a derived key", { secret: "prq7+YkJ1/KlW1X0YczMHw==", ...salting }],
  ["with a password that is salted here", { password: "secret1", ...salting }],
] as const;

for (const [name, secret] of variants) {
  describe(name, () => {
    describeAuthMethod(
      { describe, it },
      {
        plugin,
        method: "wampcra",
        block: { users: { joe: { ...secret, role: "user" } } },
        otherBlock: { users: { ann: { ...secret, role: "user" } } },
        authid: "joe",
        secret: "secret1",
        proofIsFresh: true,
        badBlocks: [
          { block: {}, path: "wampcra.users" },
          { block: { users: { joe: {} } }, path: "wampcra.users.joe.secret" },
          { block: { users: { joe: { secret: "" } } }, path: "wampcra.users.joe.secret" },
          { block: { users: { joe: { secret: "a", password: "b" } } }, path: "wampcra.users.joe.secret" },
          { block: { users: { joe: { secret: "a", salt: "b" } } }, path: "wampcra.users.joe.iterations" },
          {
            block: { users: { joe: { secret: "a", ...salting, iterations: 1_000_001 } } },
            path: "wampcra.users.joe.iterations",
          },
        ],
      },
    );
  });
}
