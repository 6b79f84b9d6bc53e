import { randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import {
  accept,
  assignmentsIn,
  type AuthMethod,
  type Cause,
  challenge,
  credential,
  defineMethod,
  definePlugin,
  deny,
  findIn,
  type MethodApi,
  type PluginApi,
  principalFields,
  z,
} from "@wampgate/core";
import { type BoundedStore, checkStore, SharedStores, StoreFailure } from "@wampgate/store";
import { Secret as Seed } from "otpauth";
import { CodeCheck } from "./code-check.ts";
import { CODES } from "./kept-account.ts";
import { blockFields, credentialFields, options, seed, type Settings, withChanges } from "./settings.ts";
import { totpCommand } from "./totp-command.ts";
import { type Judgement, UsedCodes } from "./used-codes.ts";

const NAME = "@wampgate/auth-totp";

const principal = z.strictObject({ seed: seed.describe("its seed in base32, as its app has it"), ...principalFields });
const block = z.strictObject({
  principals: z.record(z.string(), principal).describe("who may log in, by authid"),
  ...blockFields,
});

type Written = z.output<typeof block>;

/** A prepared block: each principal with the check of its codes instead of the seed. */
interface Block {
  readonly principals: Readonly<
    Record<string, Omit<Written["principals"][string], "seed"> & { readonly check: CodeCheck }>
  >;
  readonly settings: Settings;
  /** Null: in memory alone. */
  readonly store: BoundedStore | null;
}

/** What the method has in one router. */
interface Own {
  readonly settings: Settings;
  readonly stores: SharedStores<BoundedStore>;
  /** For seeds that a strategy gives. Null: in memory alone. */
  store: BoundedStore | null;
}

/** What a code is checked with, and where that it was used is kept. */
interface Checked {
  readonly check: CodeCheck;
  readonly store: BoundedStore | null;
}

/** A strategy gives a seed; static principals and decoys give a check. */
const given = z.union([z.custom<Checked>(isChecked), z.object(credentialFields)], {
  error: "expected a seed in base32",
});

function isChecked(value: unknown): value is Checked {
  return typeof value === "object" && value !== null && "check" in value && value.check instanceof CodeCheck;
}

const NO_STORE: Cause = { code: "no-store", params: { what: CODES.what } };

/** How many accounts decoys have: strangers make no more. */
const DECOYS = 1024;

/** The account of a decoy, by which no login succeeds: the same one for the same authid. */
function decoyOf(key: string): string {
  return `decoy ${Buffer.from(key, "base64").readUInt16BE() % DECOYS}`;
}

/** What each router remembers. */
const remembered = new WeakMap<MethodApi, UsedCodes>();

function codesOf(api: MethodApi): UsedCodes {
  const codes = remembered.get(api) ?? new UsedCodes(api.shared);
  remembered.set(api, codes);
  return codes;
}

/** The method `totp`: the client shows the code of an app (RFC 6238), which counts once. */
function totp(own: Own): AuthMethod {
  const { settings: ownSettings, stores } = own;
  const decoySeed = new Seed({ buffer: Uint8Array.from(randomBytes(20)).buffer }).base32;
  return defineMethod({
    name: "totp",
    at: "authenticate",
    proof: "code",
    weakness:
      "codes of a few digits are weak by themselves: let another method begin, with then: totp in its block, or take care who may try",
    credential: given.transform((answer): Checked =>
      "check" in answer ? answer : { check: checkOf(answer, ownSettings), store: own.store },
    ),
    strategyMayVerify: true,
    credentialKey: "seed",
    static: {
      schema: block,
      prepare: ({ principals, ...rest }: Written): Block => {
        const settings = withChanges(ownSettings, rest);
        const checked = Object.entries(principals).map(
          ([authid, { seed: text, ...more }]) => [authid, { ...more, check: new CodeCheck(text, settings) }] as const,
        );
        return { principals: Object.fromEntries(checked), settings, store: null };
      },
      check: ({ settings: { store } }: Block, files) => checkStore(store, files),
      probe: ({ settings: { store } }: Block, files) => stores.probe(store, files, (one) => one.get("")),
      async open(block: Block, { log, at, ...files }) {
        const { store: settings } = block.settings;
        if (settings.type === "memory") return { value: block };
        const { store, giveBack } = await stores.take(settings, files, log.child({ block: at }));
        return { value: { ...block, store }, close: giveBack };
      },
      find: (query, { principals, store }: Block) => findIn(principals, query, ({ check }) => ({ check, store })),
      assignments: ({ principals }: Block) => assignmentsIn("principals", principals),
      secrets: ["seed"],
    },
    client: { answer: (_challenge, text) => new CodeCheck(text, ownSettings).codeAt(Date.now()) },
    challenge: () => challenge({}),
    async authenticate(attempt, { signature: code }, _state, api) {
      const found = await attempt.resolvePrincipal({ facts: { code } });
      if (found.verified) return accept();
      const { check, store } = found.credential;
      // The work is the same for everybody, also for a decoy: it has an account by which no login succeeds.
      const step = check.stepOf(code, Date.now());
      const key = check.keyFor(attempt.authid);
      const isDecoy = check.isDecoy || attempt.isDecoy;
      const account = isDecoy ? decoyOf(key) : key;
      let judgement: Judgement;
      try {
        judgement = await codesOf(api).judge(account, isDecoy ? null : step, check.settings, store);
      } catch (error) {
        // Its log says why. What is not kept lets no client in.
        if (error instanceof StoreFailure) return deny(undefined, undefined, NO_STORE);
        throw error;
      }
      if (isDecoy) return deny();
      if (judgement === "locked")
        attempt.log.warn(
          { authid: attempt.authid, seconds: check.settings["lock-time"] },
          "totp: too many wrong codes in a row, so that all codes of this authid are denied for a while",
        );
      return judgement === "right" ? accept() : deny();
    },
    decoy: (_query, [first]: readonly Block[]) =>
      credential({
        check: new CodeCheck(decoySeed, first?.settings ?? ownSettings, true),
        store: first === undefined ? own.store : first.store,
      }),
  });
}

function checkOf({ seed: text, ...changes }: z.output<z.ZodObject<typeof credentialFields>>, own: Settings): CodeCheck {
  return new CodeCheck(text, withChanges(own, changes));
}

/** By the plugin's options in a router: they are the same object for `methods` and `apply`. */
const ownOf = new WeakMap<Settings, Own>();

declare module "@wampgate/core" {
  interface AuthMethods {
    totp: z.input<typeof block>;
  }
  interface PluginOptions {
    "@wampgate/auth-totp": z.input<typeof options>;
  }
}

const { version } = createRequire(import.meta.url)("../package.json") as { version: string };

export default definePlugin({
  name: NAME,
  core: "^0.2.0",
  version,
  options,
  methods(settings) {
    const own: Own = { settings, stores: new SharedStores(CODES, (store) => store), store: null };
    ownOf.set(settings, own);
    return [totp(own)];
  },
  commands: [totpCommand],
  async apply(api, settings) {
    codesOf(api).listen();
    const own = ownOf.get(settings);
    if (own === undefined) throw new Error("the method was not made for these options");
    if (settings.store.type !== "memory") await keepOwn(api, own);
  },
});

/** Keeps what is remembered of seeds that strategies give, while the router runs. */
async function keepOwn({ hooks, log, resolve, resolveModule }: PluginApi, own: Own): Promise<void> {
  const files = { resolve, resolveModule };
  const { store: settings } = own.settings;
  await checkStore(settings, files);
  let giveBack = (): Promise<void> => Promise.resolve();
  hooks.starting.tapPromise(NAME, async () => {
    const taken = await own.stores.take(settings, files, log);
    own.store = taken.store;
    giveBack = taken.giveBack;
  });
  hooks.stopped.tap(NAME, () => {
    giveBack().catch((error: unknown) => log.error({ err: error }, "the store of codes did not close"));
  });
}
