// Compiled, never run: what defineMethod finds out by itself, and what it refuses.
import {
  accept,
  assignmentsIn,
  challenge,
  credential,
  defineMethod,
  deny,
  findIn,
  principalFields,
  type Resolved,
  z,
} from "@wampgate/core";

const schema = z.strictObject({
  principals: z.record(z.string(), z.strictObject({ word: z.string(), ...principalFields })),
});

const base = {
  name: "shout",
  at: "authenticate",
  credential: z.object({ word: z.string() }),
  challenge: () => challenge({}),
  decoy: () => credential({ word: "none" }),
} as const;

export const withoutPrepareTheBlockIsWhatTheSchemaGives = defineMethod({
  ...base,
  static: {
    schema,
    find: (query, { principals }) => findIn(principals, query, ({ word }) => ({ word: word.toUpperCase() })),
    assignments: ({ principals }) => assignmentsIn("principals", principals),
  },
});

export const withPrepareTheBlockIsWhatItMakes = defineMethod({
  ...base,
  static: {
    schema,
    prepare: ({ principals }) => Promise.resolve({ known: principals, count: Object.keys(principals).length }),
    find: (query, { known }) => findIn(known, query, ({ word }) => ({ word: word.toUpperCase() })),
    assignments: ({ known }) => assignmentsIn("principals", known),
  },
  decoy: (_query, blocks) => credential({ word: String(blocks[0]?.count.toFixed()) }),
});

export const aMisspeltKeyOfTheBlockIsAnError = defineMethod({
  ...base,
  static: {
    schema,
    // @ts-expect-error Property 'principal' does not exist
    find: (_query, { principal }) => credential(principal),
    // @ts-expect-error Property 'principles' does not exist
    assignments: ({ principles }) => [{ path: [typeof principles] }],
  },
});

export const aKeyThatPrepareTookAwayIsAnError = defineMethod({
  ...base,
  static: {
    schema,
    prepare: ({ principals }) => ({ known: principals }),
    // @ts-expect-error Property 'principals' does not exist on type '{ known: …
    find: (_query, { principals }) => credential(principals),
    assignments: ({ known }) => assignmentsIn("principals", known),
  },
});

export const aMethodThatJudgesProofsItselfAlwaysGetsACredential = defineMethod({
  ...base,
  async authenticate(attempt, { signature }) {
    const found = await attempt.resolvePrincipal();
    return found.credential.word === signature ? accept() : deny();
  },
});

export const soDoesOneThatSaysSo = defineMethod({
  ...base,
  strategyMayVerify: false,
  async authenticate(attempt, { signature }) {
    const { credential: known } = await attempt.resolvePrincipal();
    return known.word === signature ? accept() : deny();
  },
});

export const soDoesOneThatAsksAtHello = defineMethod({
  ...base,
  at: "hello",
  async challenge(attempt) {
    const { credential: known } = await attempt.resolvePrincipal();
    return challenge({}, { state: known.word });
  },
});

export const oneWhoseStrategyMayVerifyHasToLook = defineMethod({
  ...base,
  strategyMayVerify: true,
  async authenticate(attempt, { signature }) {
    const found = await attempt.resolvePrincipal();
    if (found.verified) return accept();
    return found.credential.word === signature ? accept() : deny();
  },
});

export const oneWhoseStrategyMayVerifyCannotForgetTo = defineMethod({
  ...base,
  strategyMayVerify: true,
  async authenticate(attempt, { signature }) {
    const found = await attempt.resolvePrincipal();
    // @ts-expect-error Property 'credential' does not exist on type 'VerifiedPrincipal'
    const known: unknown = found.credential;
    return known === signature ? accept() : deny();
  },
});

export const aMisspeltKeyOfTheCredentialIsAnError = defineMethod({
  ...base,
  async authenticate(attempt, { signature }) {
    const found = await attempt.resolvePrincipal();
    // @ts-expect-error Property 'wrod' does not exist on type '{ word: string; }'
    return found.credential.wrod === signature ? accept() : deny();
  },
});

export const aFunctionMayTakeWhatEitherKindFinds = (found: Resolved<{ word: string }>): string =>
  found.verified ? "verified" : found.credential.word;
