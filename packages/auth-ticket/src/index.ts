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

/** A prepared block: each principal with its ticket hidden from prints. */
type Kept = Readonly<Record<string, Omit<Principals[string], "ticket"> & { readonly ticket: Secret<string> }>>;

/** Created once: the time to create one would show that an authid is unknown. */
const NOBODYS = randomBytes(32).toString("base64");

/**
 * The method `ticket`: the client sends a secret, which the block or the strategy knows (spec,
 * advanced/authentication).
 */
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
