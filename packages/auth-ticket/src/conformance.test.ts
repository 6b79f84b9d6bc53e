import { hashSecret } from "@wampgate/core";
import { describeAuthMethod } from "@wampgate/plugin-testkit";
import plugin from "./index.ts";

const HASH = await hashSecret("a secret ticket");

const badBlocks = [
  { block: {}, path: "ticket.principals" },
  { block: { principals: { joe: {} } }, path: "ticket.principals.joe.ticket" },
  { block: { principals: { joe: { ticket: "" } } }, path: "ticket.principals.joe.ticket" },
  { block: { principals: { joe: { ticket: "x", role: "nobody" } } }, path: "ticket.principals.joe.role" },
  { block: { principals: { joe: { ticket: "x", role: "user", rol: "x" } } }, path: "ticket.principals.joe.rol" },
  { block: { principals: { joe: { ticket: "x", "ticket-hash": HASH } } }, path: "ticket.principals.joe.ticket" },
  { block: { principals: { joe: { "ticket-hash": "x" } } }, path: "ticket.principals.joe.ticket-hash" },
];

const variants = [
  ["with a plain ticket", { ticket: "a secret ticket" }],
  ["with a hashed ticket", { "ticket-hash": HASH }],
] as const;

for (const [name, secret] of variants) {
  describe(name, () => {
    describeAuthMethod(
      { describe, it },
      {
        plugin,
        method: "ticket",
        block: { principals: { joe: { ...secret, role: "user" } } },
        otherBlock: { principals: { ann: { ...secret, role: "user" } } },
        authid: "joe",
        secret: "a secret ticket",
        proofIsFresh: false,
        badBlocks,
      },
    );
  });
}
