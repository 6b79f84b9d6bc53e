import {
  accept,
  acceptAs,
  assignmentsIn,
  challenge,
  credential,
  defineMethod,
  definePlugin,
  defineStrategy,
  deny,
  findIn,
  type Plugin,
  principalFields,
  unknown,
  z,
} from "@wampgate/core";

/** A strategy of type `probe` that answers whatever a test wants, also what no strategy may. */
export function answering(resolve: () => unknown): Plugin {
  return definePlugin({
    name: "probe-strategy",
    core: "*",
    strategies: [defineStrategy({ type: "probe", block: z.strictObject({}), resolve: resolve as () => never })],
  });
}

/** Two methods that let a strategy show itself: one asks at HELLO and checks itself, one after AUTHENTICATE. */
export const probeMethods: Plugin = definePlugin({
  name: "probe-methods",
  core: "*",
  methods: [
    defineMethod({
      name: "probe-hello",
      at: "hello",
      credential: z.looseObject({}),
      challenge: async (attempt) => {
        await attempt.resolvePrincipal({ facts: attempt.authextra ?? {} });
        return accept();
      },
      decoy: () => credential({}),
    }),
    defineMethod({
      name: "probe-authenticate",
      at: "authenticate",
      credential: z.looseObject({ ticket: z.string() }),
      strategyMayVerify: true,
      challenge: () => challenge({}),
      authenticate: async (attempt, { signature }) => {
        const found = await attempt.resolvePrincipal({ facts: { ticket: signature } });
        return found.verified || found.credential.ticket === signature ? accept() : deny();
      },
      decoy: () => credential({ ticket: "nobody can know this" }),
    }),
  ],
});

/** The method `testkit-first`, whose proof is the word `first`: the method under test is its further factor. */
export const firstFactor: Plugin = definePlugin({
  name: "testkit-first",
  core: "*",
  methods: [
    defineMethod({
      name: "testkit-first",
      at: "authenticate",
      credential: z.object({ word: z.string() }),
      static: {
        schema: z.strictObject({ principals: z.record(z.string(), z.strictObject(principalFields)) }),
        find: (query, { principals }) => findIn(principals, query, () => ({ word: "first" })),
        assignments: ({ principals }) => assignmentsIn("principals", principals),
      },
      challenge: () => challenge({}),
      authenticate: async (attempt, { signature }) => {
        const { credential: own } = await attempt.resolvePrincipal();
        return own.word === signature ? accept() : deny();
      },
      decoy: () => credential({ word: "nobody can know this" }),
    }),
  ],
});

/** The `auth` of a transport that lets in every client that offers the method `testkit-open`. */
export const OPEN = { "testkit-open": { type: "testkit-open" } };

/** @see OPEN */
export const openMethod: Plugin = definePlugin({
  name: "testkit-open",
  core: "*",
  methods: [
    defineMethod({
      name: "testkit-open",
      at: "hello",
      credential: z.looseObject({}),
      challenge: () => acceptAs({ realm: "realm1", authid: "joe", role: "user" }),
      decoy: () => credential({}),
    }),
  ],
  strategies: [defineStrategy({ type: "testkit-open", block: z.strictObject({}), resolve: () => unknown() })],
});
