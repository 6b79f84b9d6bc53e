import { randomBytes } from "node:crypto";
import {
  accept,
  assignmentsIn,
  challenge,
  Secret,
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

type Principals = z.output<typeof block>["principals"];

/** A block at work: each principal with its ticket out of sight. */
type Kept = Readonly<Record<string, Omit<Principals[string], "ticket"> & { readonly ticket: Secret<string> }>>;

/** Made once: making one for each unknown authid takes time that tells. */
const NOBODYS = randomBytes(32).toString("base64");

/** The method `ticket`: the client shows a secret, which the block or the strategy knows (spec, advanced/authentication). */
export const ticket = defineMethod({
  name: "ticket",
  at: "authenticate",
  credential: z.object({ ticket: ticketOf }),
  strategyMayVerify: true,
  static: {
    schema: block,
    prepare: ({ principals }: { principals: Principals }): Kept =>
      Object.fromEntries(
        Object.entries(principals).map(([authid, own]) => [authid, { ...own, ticket: new Secret(own.ticket) }]),
      ),
    find: (query, principals: Kept) => findIn(principals, query, ({ ticket: own }) => ({ ticket: own.reveal() })),
    assignments: (principals: Kept) => assignmentsIn("principals", principals),
  },
  challenge: () => challenge({}),
  async authenticate(attempt, { signature }) {
    const found = await attempt.resolvePrincipal({ facts: { ticket: signature } });
    return found.verified || constantTimeEqual(found.credential.ticket, signature) ? accept() : deny();
  },
  decoy: () => credential({ ticket: NOBODYS }),
});

export default definePlugin({ name: "@wampgate/auth-ticket", core: "^0.2.0", methods: [ticket] });
