import { createHash, randomBytes } from "node:crypto";
import {
  accept,
  assignmentsIn,
  challenge,
  constantTimeEqual,
  credential,
  defineMethod,
  deny,
  findIn,
  principalFields,
  z,
} from "@wampgate/core";

const secretKnock = z.string().min(1).describe("the secret knock");

/** A client's answer: the hash of the bell's number and its secret knock. */
export const answerOf = (bell, knock) => createHash("sha256").update(`${bell}:${knock}`).digest("hex");

/** The method `knock`: the router sends a new random number, the bell, and the client answers with its knock. */
export const knock = defineMethod({
  name: "knock",
  at: "hello",
  credential: z.object({ knock: secretKnock }),
  static: {
    schema: z.strictObject({
      principals: z
        .record(z.string(), z.strictObject({ knock: secretKnock, ...principalFields }))
        .describe("who may come in, by authid"),
    }),
    find: (query, { principals }) => findIn(principals, query, (principal) => ({ knock: principal.knock })),
    assignments: ({ principals }) => assignmentsIn("principals", principals),
  },
  async challenge(attempt) {
    const { credential: known } = await attempt.resolvePrincipal();
    const bell = randomBytes(16).toString("hex");
    return challenge({ bell }, { state: answerOf(bell, known.knock) });
  },
  authenticate: (_attempt, { signature }, expected) => (constantTimeEqual(signature, expected) ? accept() : deny()),
  decoy: () => credential({ knock: randomBytes(16).toString("hex") }),
});
