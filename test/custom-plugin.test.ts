import { fileURLToPath } from "node:url";
import type { Plugin } from "@wampgate/core";
import { describeAuthMethod, describeStrategy } from "@wampgate/plugin-testkit";

// The example is plain JavaScript, as a user's own plugin may be: nothing tells the compiler what it exports.
const folder = "../examples/custom-plugin/plugin";
const { default: plugin } = (await import(`${folder}/index.mjs`)) as { default: Plugin };
const { answerOf } = (await import(`${folder}/logIn.mjs`)) as { answerOf: (bell: string, logIn: string) => string };
const guests = fileURLToPath(new URL("../examples/custom-plugin/guests.json", import.meta.url));

describeAuthMethod(
  { describe, it },
  {
    plugin,
    method: "logIn",
    block: { principals: { joe: { logIn: "a secret logIn", role: "user" } } },
    otherBlock: { principals: { ann: { logIn: "a secret logIn", role: "user" } } },
    authid: "joe",
    prove: ({ bell }) => answerOf(String(bell), "a secret logIn"),
    proofIsFresh: true,
    badBlocks: [
      { block: {}, path: "logIn.principals" },
      { block: { principals: { joe: { logIn: 5, role: "user" } } }, path: "logIn.principals.joe.logIn" },
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
