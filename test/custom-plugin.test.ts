import { fileURLToPath } from "node:url";
import type { Plugin } from "@wampgate/core";
import { describeAuthMethod, describeStrategy } from "@wampgate/plugin-testkit";

// The example is plain JavaScript, as a user's own plugin may be: nothing tells the compiler what it exports.
const folder = "../examples/custom-plugin/plugin";
const { default: plugin } = (await import(`${folder}/index.mjs`)) as { default: Plugin };
const { answerOf } = (await import(`${folder}/knock.mjs`)) as { answerOf: (bell: string, knock: string) => string };
const guests = fileURLToPath(new URL("../examples/custom-plugin/guests.json", import.meta.url));

describeAuthMethod(
  { describe, it },
  {
    plugin,
    method: "knock",
    block: { principals: { joe: { knock: "a secret knock", role: "user" } } },
    otherBlock: { principals: { ann: { knock: "a secret knock", role: "user" } } },
    authid: "joe",
    prove: ({ bell }) => answerOf(String(bell), "a secret knock"),
    proofIsFresh: true,
    badBlocks: [
      { block: {}, path: "knock.principals" },
      { block: { principals: { joe: { knock: 5, role: "user" } } }, path: "knock.principals.joe.knock" },
    ],
  },
);

describeStrategy(
  { describe, it },
  {
    plugin,
    type: "guest-list",
    block: { file: guests },
    authid: "ann",
    ticket: "a paper ticket",
    badBlocks: [{ block: { file: "" }, path: "probe-authenticate.file" }],
  },
);
