import { createRequire } from "node:module";
import {
  accept,
  assignmentsIn,
  challenge,
  credential,
  defineMethod,
  definePlugin,
  deny,
  findIn,
  principalFields,
  SecretHash,
  z,
  type NoOptions,
} from "@wampgate/core";
import { hashTicket } from "./hash-command.ts";
import { kept, type Kept, decoyCheck, TicketCheck, type TicketFields } from "./ticket-check.ts";

const principal = z
  .strictObject({
    ticket: z.string().min(1).optional().describe("the ticket it shows"),
    "ticket-hash": z
      .string()
      .superRefine(checkHash)
      .optional()
      .describe("the hash of the ticket, instead of `ticket`; `wampgate hash-ticket` makes it"),
    ...principalFields,
  })
  .superRefine(checkTicket);
const block = z.strictObject({ principals: z.record(z.string(), principal).describe("who may log in, by authid") });

type Principals = z.output<typeof block>["principals"];
type Block = Kept<Principals[string]>;

/** A strategy gives a plain ticket; static principals and decoys give its check. */
const shown = z
  .object({
    ticket: z.union([z.string().min(1), z.instanceof(TicketCheck)], { error: "expected the ticket, a string" }),
  })
  .transform(({ ticket: own }) => ({ check: own instanceof TicketCheck ? own : new TicketCheck(own, null, []) }));

/**
 * The method `ticket`: the client sends a secret, which the block or the strategy knows (spec,
 * advanced/authentication).
 */
export const ticket = defineMethod({
  name: "ticket",
  at: "authenticate",
  proof: "ticket",
  credential: shown,
  strategyMayVerify: true,
  static: {
    schema: block,
    prepare: ({ principals }: { principals: Principals }): Block => kept(principals),
    find(query, own: Block) {
      // A known authid also costs the choice of a check for an unknown one.
      const answer = findIn(own.principals, query, ({ check }) => ({ ticket: check }));
      if (answer.kind !== "unknown") decoyCheck(query.authid, [own]);
      return answer;
    },
    assignments: ({ principals }: Block) => assignmentsIn("principals", principals),
    secrets: ["ticket", "ticket-hash"],
  },
  client: { answer: (_challenge, ticket) => ticket },
  challenge: () => challenge({}),
  async authenticate(attempt, { signature }) {
    const found = await attempt.resolvePrincipal({ facts: { ticket: signature } });
    return found.verified || (await found.credential.check.fits(signature, attempt)) ? accept() : deny();
  },
  decoy: ({ authid }, blocks: readonly Block[]) => credential({ ticket: decoyCheck(authid, blocks) }),
});

/** Reports a ticket that is missing, or there twice. */
function checkTicket({ ticket: plain, "ticket-hash": hash }: TicketFields, context: z.RefinementCtx): void {
  if ((plain === undefined) === (hash === undefined))
    context.addIssue({
      code: "custom",
      path: ["ticket"],
      message: "expected a ticket, or a ticket-hash instead of it",
    });
}

function checkHash(text: string, context: z.RefinementCtx): void {
  try {
    SecretHash.parse(text);
  } catch (error) {
    context.addIssue({ code: "custom", message: (error as Error).message });
  }
}

declare module "@wampgate/core" {
  interface AuthMethods {
    ticket: z.input<typeof block>;
  }
  interface PluginOptions {
    "@wampgate/auth-ticket": NoOptions;
  }
}

const { version } = createRequire(import.meta.url)("../package.json") as { version: string };

export default definePlugin({
  name: "@wampgate/auth-ticket",
  core: "^0.2.0",
  version,
  methods: [ticket],
  commands: [hashTicket],
});
