import { randomBytes } from "node:crypto";
import {
  accept,
  assignmentsIn,
  challenge,
  constantTimeEqual,
  credential,
  defineMethod,
  definePlugin,
  deny,
  findIn,
  principalFields,
  z,
} from "@wampgate/core";

const ticketOf = z.string().min(1).describe("the ticket it shows");
const block = z.strictObject({
  principals: z
    .record(z.string(), z.strictObject({ ticket: ticketOf, ...principalFields }))
    .describe("who may log in, by authid"),
});

/** The method `ticket`: the client shows a secret, which the block or the strategy knows (spec, advanced/authentication). */
export const ticket = defineMethod({
  name: "ticket",
  at: "authenticate",
  credential: z.object({ ticket: ticketOf }),
  strategyMayVerify: true,
  static: {
    schema: block,
    find: (query, { principals }: z.output<typeof block>) =>
      findIn(principals, query, (principal) => ({ ticket: principal.ticket })),
    assignments: ({ principals }: z.output<typeof block>) => assignmentsIn("principals", principals),
  },
  challenge: () => challenge({}),
  async authenticate(attempt, { signature }) {
    const found = await attempt.resolvePrincipal({ facts: { ticket: signature } });
    return found.verified || constantTimeEqual(found.credential.ticket, signature) ? accept() : deny();
  },
  decoy: () => credential({ ticket: randomBytes(32).toString("base64") }),
});

export default definePlugin({ name: "@wampgate/auth-ticket", core: "^0.1.0", methods: [ticket] });
