import { describeAuthMethod } from "@wampgate/plugin-testkit";
import plugin from "./index.ts";

describeAuthMethod(
  { describe, it },
  {
    plugin,
    method: "ticket",
    block: { principals: { joe: { ticket: "a secret ticket", role: "user" } } },
    otherBlock: { principals: { ann: { ticket: "a secret ticket", role: "user" } } },
    authid: "joe",
    prove: () => "a secret ticket",
    proofIsFresh: false,
    badBlocks: [
      { block: {}, path: "ticket.principals" },
      { block: { principals: { joe: {} } }, path: "ticket.principals.joe.ticket" },
      { block: { principals: { joe: { ticket: "" } } }, path: "ticket.principals.joe.ticket" },
      { block: { principals: { joe: { ticket: "x", role: "nobody" } } }, path: "ticket.principals.joe.role" },
      { block: { principals: { joe: { ticket: "x", role: "user", rol: "x" } } }, path: "ticket.principals.joe.rol" },
    ],
  },
);
