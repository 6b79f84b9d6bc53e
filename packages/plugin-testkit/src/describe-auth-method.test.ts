import {
  accept,
  type AuthMethod,
  challenge,
  constantTimeEqual,
  credential,
  defineMethod,
  definePlugin,
  deny,
  findIn,
  assignmentsIn,
  principalFields,
  unknown,
  z,
} from "@wampgate/core";
import { type AuthMethodSpec, describeAuthMethod } from "./describe-auth-method.ts";

const word = z.string().min(1);
const schema = z.strictObject({ principals: z.record(z.string(), z.strictObject({ word, ...principalFields })) });
type Principals = z.output<typeof schema>["principals"];

const statics = {
  schema,
  find: (query: Parameters<NonNullable<AuthMethod["static"]>["find"]>[0], { principals }: { principals: Principals }) =>
    findIn(principals, query, (principal) => ({ word: principal.word })),
  assignments: ({ principals }: { principals: Principals }) => assignmentsIn("principals", principals),
};
const decoy = () => credential({ word: "not a real word" });

const asksLate = defineMethod({
  name: "shout",
  at: "authenticate",
  credential: z.object({ word }),
  static: statics,
  challenge: () => challenge({}),
  async authenticate(attempt, { signature }) {
    const found = await attempt.resolvePrincipal();
    return constantTimeEqual(found.credential.word, signature) ? accept() : deny();
  },
  decoy,
});

/** Greets first, and asks for the word in a second round: the first answer decides nothing. */
const asksInSecondRound = defineMethod({
  name: "greet",
  at: "authenticate",
  credential: z.object({ word }),
  static: statics,
  challenge: () => challenge({ say: "name" }, { state: "name" }),
  async authenticate(attempt, { signature }, state) {
    if (state === "name") return signature === "" ? deny() : challenge({ say: "word" }, { state: "word" });
    const found = await attempt.resolvePrincipal();
    return constantTimeEqual(found.credential.word, signature) ? accept() : deny();
  },
  decoy,
});

/** Asks its strategy at HELLO, and has two rounds after it. */
const asksAtHello = defineMethod({
  name: "ponder",
  at: "hello",
  credential: z.object({ word }),
  static: statics,
  async challenge(attempt) {
    const found = await attempt.resolvePrincipal();
    return challenge({ say: "name" }, { state: { known: found.credential.word } });
  },
  authenticate(_attempt, { signature }, state) {
    const { known, last } = state as { known: string; last?: boolean };
    if (last !== true) return challenge({ say: "word" }, { state: { known, last: true } });
    return constantTimeEqual(known, signature) ? accept() : deny();
  },
  decoy,
});

/** Lets known clients in at HELLO, without a proof. */
const acceptsAtHello = defineMethod({
  name: "wave",
  at: "hello",
  credential: z.object({ word }),
  static: statics,
  async challenge(attempt) {
    await attempt.resolvePrincipal();
    return accept();
  },
  decoy,
});

/** Has the strategy judge what the client's request had, and has no principals of its own. */
const letsInByTheRequest = defineMethod({
  name: "badge",
  at: "hello",
  credential: z.object({ word }),
  strategyMayVerify: true,
  static: { schema: z.strictObject({ name: word }), find: () => unknown(), assignments: () => [] },
  async challenge(attempt) {
    await attempt.resolvePrincipal();
    return accept();
  },
  decoy,
});

const leavesItToTheStrategy = defineMethod({
  name: "pass",
  at: "authenticate",
  credential: z.object({ word }),
  strategyMayVerify: true,
  static: statics,
  challenge: () => challenge({}),
  async authenticate(attempt, { signature }) {
    // Strict about what it is shown, as a method of signatures is: a strategy never sees other answers.
    if (signature !== "hello") return deny();
    const found = await attempt.resolvePrincipal({ facts: { word: signature } });
    return found.verified || constantTimeEqual(found.credential.word, signature) ? accept() : deny();
  },
  decoy,
});

const specOf = (method: AuthMethod, more: Partial<AuthMethodSpec> = {}): AuthMethodSpec => ({
  plugin: definePlugin({ name: `wampgate-auth-${method.name}`, core: "*", methods: [method] }),
  method: method.name,
  block: { principals: { joe: { word: "hello", role: "user" } } },
  otherBlock: { principals: { ann: { word: "hello", role: "user" } } },
  authid: "joe",
  prove: () => "hello",
  proofIsFresh: false,
  badBlocks: [{ block: { principals: { joe: {} } }, path: `${method.name}.principals.joe.word` }],
  ...more,
});

const askedFor = ({ say }: Record<string, unknown>): string => (say === "word" ? "hello" : "joe");

describe("the suite for methods has nothing against", () => {
  describe("one that challenges first and asks its strategy about the proof", () => {
    describeAuthMethod({ describe, it }, specOf(asksLate));
  });
  describe("one that asks its strategy after a second round", () => {
    describeAuthMethod({ describe, it }, specOf(asksInSecondRound, { prove: askedFor }));
  });
  describe("one that asks its strategy at HELLO, and has two rounds then", () => {
    describeAuthMethod({ describe, it }, specOf(asksAtHello, { prove: askedFor }));
  });
  describe("one that accepts at HELLO", () => {
    describeAuthMethod({ describe, it }, specOf(acceptsAtHello, { prove: null }));
  });
  describe("one without principals of its own, whose strategy judges what the request had", () => {
    const badBlocks = [{ block: {}, path: "badge.name" }];
    const block = { name: "badge" };
    describeAuthMethod(
      { describe, it },
      specOf(letsInByTheRequest, { block, otherBlock: null, authid: null, prove: null, badBlocks }),
    );
  });
  describe("one that has its strategy judge proofs of a shape it checks itself", () => {
    describeAuthMethod({ describe, it }, specOf(leavesItToTheStrategy));
  });
});

describe("the suite for methods tells of", () => {
  const AS_A_FURTHER_FACTOR =
    "lets a client in as a further factor, and denies and forgets the right proof where the first one was wrong";

  it("one that lets in every client that answers", async () => {
    const gullible: AuthMethod = {
      ...asksLate,
      async authenticate(attempt) {
        await attempt.resolvePrincipal();
        return accept();
      },
    };
    expect(await failuresOf(specOf(gullible))).toEqual([
      "denies a wrong proof, and closes",
      "denies an empty proof, and closes",
      "treats an unknown authid, and none, like a known one with a wrong proof",
    ]);
  });

  it("one that checks the first of two rounds alone", async () => {
    const tired: AuthMethod = {
      ...asksInSecondRound,
      async authenticate(attempt, { signature }, state) {
        if (state === "name") return signature === "" ? deny() : challenge({ say: "word" }, { state: "word" });
        await attempt.resolvePrincipal();
        return accept();
      },
    };
    const failures = await failuresOf(specOf(tired, { prove: askedFor }));
    expect(failures).toContain("denies a wrong proof, and closes");
  });

  it("one that challenges the unknown in another way", async () => {
    const telling: AuthMethod = {
      ...asksLate,
      challenge: ({ authid }) => challenge(authid === "joe" ? {} : { hint: "who?" }),
    };
    expect(await failuresOf(specOf(telling))).toEqual([
      "treats an unknown authid, and none, like a known one with a wrong proof",
      AS_A_FURTHER_FACTOR,
    ]);
  });

  it("one that uses up a proof of a login that has failed already", async () => {
    let isSpent = false;
    const eager: AuthMethod = {
      ...asksLate,
      async authenticate(attempt, proof, state, api) {
        isSpent ||= attempt.isDecoy;
        const verdict = await asksLate.authenticate?.(attempt, proof, state, api);
        return attempt.factor > 1 && isSpent ? deny() : (verdict ?? deny());
      },
    };
    expect(await failuresOf(specOf(eager))).toEqual([AS_A_FURTHER_FACTOR]);
  });

  it("one that challenges though its spec has no proof, by that name", async () => {
    const messages = await messagesOf(specOf(asksLate, { prove: null }));
    expect(messages[0]).toMatch(/shout challenges.*`prove`/);
  });
});

const failuresOf = async (spec: AuthMethodSpec): Promise<string[]> => (await failed(spec)).map(({ name }) => name);
const messagesOf = async (spec: AuthMethodSpec): Promise<string[]> =>
  (await failed(spec)).map(({ message }) => message);

/** Runs the suite as a test runner would, one test after the other. @returns the tests that failed */
async function failed(spec: AuthMethodSpec): Promise<{ name: string; message: string }[]> {
  const tests: { name: string; run: () => Promise<void> }[] = [];
  describeAuthMethod(
    {
      describe: (_name, define) => {
        define();
      },
      it: (name, run) => tests.push({ name, run }),
    },
    spec,
  );
  const failures: { name: string; message: string }[] = [];
  for (const { name, run } of tests) {
    await run().catch((error: unknown) => failures.push({ name, message: String(error) }));
  }
  return failures;
}

/** Its word is the plugin's option, in the method and in its client's half. */
const withOptions = definePlugin({
  name: "wampgate-auth-parole",
  core: "*",
  options: z.strictObject({ ending: z.string().default("!") }),
  methods: ({ ending }) => [
    defineMethod({
      name: "parole",
      at: "authenticate",
      credential: z.object({ word }),
      static: statics,
      client: { answer: (_challenge, secret) => secret + ending },
      challenge: () => challenge({}),
      async authenticate(attempt, { signature }) {
        const found = await attempt.resolvePrincipal();
        return constantTimeEqual(found.credential.word + ending, signature) ? accept() : deny();
      },
      decoy,
    }),
  ],
});

describe("of a method that is made from its plugin's options", () =>
  describeAuthMethod(
    { describe, it },
    {
      plugin: withOptions,
      options: { ending: "?" },
      method: "parole",
      block: { principals: { joe: { word: "hello", role: "user" } } },
      otherBlock: { principals: { ann: { word: "hello", role: "user" } } },
      authid: "joe",
      secret: "hello",
      proofIsFresh: false,
      badBlocks: [{ block: { principals: { joe: {} } }, path: "parole.principals.joe.word" }],
    },
  ));
