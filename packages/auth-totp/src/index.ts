import { randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import {
  accept,
  assignmentsIn,
  type AuthMethod,
  challenge,
  credential,
  defineMethod,
  definePlugin,
  deny,
  findIn,
  type MethodApi,
  principalFields,
  z,
} from "@wampgate/core";
import { Secret as Seed } from "otpauth";
import { CodeCheck } from "./code-check.ts";
import { blockFields, credentialFields, options, seed, type Settings, withChanges } from "./settings.ts";
import { totpCommand } from "./totp-command.ts";
import { UsedCodes } from "./used-codes.ts";

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
}

/** The account of all decoys. */
const DECOY = "";

/** A strategy gives a seed; static principals and decoys give a check. */
const given = z.union([z.object({ check: z.instanceof(CodeCheck) }), z.object(credentialFields)], {
  error: "expected a seed in base32",
});

/** What each router remembers. */
const remembered = new WeakMap<MethodApi, UsedCodes>();

function codesOf(api: MethodApi): UsedCodes {
  const codes = remembered.get(api) ?? new UsedCodes(api.shared);
  remembered.set(api, codes);
  return codes;
}

/** The method `totp`: the client shows the code of an app (RFC 6238), which counts once. */
export function totp(own: Settings): AuthMethod {
  const nobodysSeed = new Seed({ buffer: Uint8Array.from(randomBytes(20)).buffer }).base32;
  return defineMethod({
    name: "totp",
    at: "authenticate",
    proof: "code",
    weakness:
      "codes of a few digits are weak by themselves: let another method begin, with then: totp in its block, or take care who may try",
    credential: given.transform((answer) => ("check" in answer ? answer.check : checkOf(answer, own))),
    strategyMayVerify: true,
    credentialKey: "seed",
    static: {
      schema: block,
      prepare: ({ principals, ...rest }: Written): Block => {
        const settings = withChanges(own, rest);
        const checked = Object.entries(principals).map(
          ([authid, { seed: text, ...more }]) => [authid, { ...more, check: new CodeCheck(text, settings) }] as const,
        );
        return { principals: Object.fromEntries(checked), settings };
      },
      find: (query, { principals }: Block) => findIn(principals, query, ({ check }) => ({ check })),
      assignments: ({ principals }: Block) => assignmentsIn("principals", principals),
      secrets: ["seed"],
    },
    client: { answer: (_challenge, text) => new CodeCheck(text, own).codeAt(Date.now()) },
    challenge: () => challenge({}),
    async authenticate(attempt, { signature: code }, _state, api) {
      const found = await attempt.resolvePrincipal({ facts: { code } });
      if (found.verified) return accept();
      const check = found.credential;
      // The work is the same for everybody, also for a decoy: it has an account by which no login succeeds.
      const step = check.stepOf(code, Date.now());
      const key = check.keyFor(attempt.authid);
      const isDecoy = check.isDecoy || attempt.isDecoy;
      const codes = codesOf(api);
      const judgement = await codes.judge(isDecoy ? DECOY : key, isDecoy ? null : step, check.settings);
      if (isDecoy) return deny();
      if (judgement === "locked")
        attempt.log.warn(
          { authid: attempt.authid, seconds: check.settings["lock-time"] },
          "totp: too many wrong codes in a row, so that all codes of this authid are denied for a while",
        );
      return judgement === "right" ? accept() : deny();
    },
    decoy: (_query, [first]: readonly Block[]) =>
      credential({ check: new CodeCheck(nobodysSeed, first?.settings ?? own, true) }),
  });
}

function checkOf({ seed: text, ...changes }: z.output<z.ZodObject<typeof credentialFields>>, own: Settings): CodeCheck {
  return new CodeCheck(text, withChanges(own, changes));
}

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
  name: "@wampgate/auth-totp",
  core: "^0.2.0",
  version,
  options,
  methods: (own) => [totp(own)],
  commands: [totpCommand],
  apply: (api) => codesOf(api).listen(),
});
