import {
  Code,
  defineLink,
  definePlugin,
  type Claim,
  type RealmLink,
  type RealmSide,
  type RunningLink,
  z,
} from "@wampgate/core";
import { type Parties, startParties } from "./support/party.ts";

// What becomes of a REGISTER when the claim is lost to another node while the others are told of it. The link is the test's.

const SUM = "com.example.sum";
const OTHER = "other-node";

/** A link whose other node does what the test says. */
class Link implements RunningLink {
  readonly node = "this-node";
  readonly secret = Buffer.from("the same on every node");
  readonly claims: Claim[] = [];
  readonly released: number[] = [];
  side: RealmSide | null = null;
  /** Lets what was told come to the others. */
  arrive = (): void => undefined;
  #told = (): void => undefined;

  /** Resolves when the next registration is told to the others. */
  telling(): Promise<void> {
    return new Promise((resolve) => (this.#told = resolve));
  }

  attach(): ReturnType<RunningLink["attach"]> {
    return {
      announce: () => Promise.resolve(),
      spend: () => Promise.resolve(true),
      canAgree: () => Promise.resolve(true),
    };
  }

  join(side: RealmSide): RealmLink {
    this.side = side;
    side.came(OTHER);
    return {
      tell: ({ kind }, holds) => {
        if (kind !== "callee" || !holds) return Promise.resolve();
        this.#told();
        return new Promise((resolve) => (this.arrive = resolve));
      },
      send: () => undefined,
      reaches: () => true,
      claim: () => Promise.resolve(this.claims.shift() ?? null),
      release: (_, registration) => Promise.resolve(this.released.push(registration) > 0),
      leave: () => undefined,
    };
  }

  ready(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const claimed = (registration: number): Claim => ({ registration, order: registration, isNew: true });

let link: Link;
let running: Parties;
beforeEach(async () => {
  link = new Link();
  const plugin = definePlugin({
    name: "link-of-the-test",
    core: "*",
    links: [defineLink({ type: "test", schema: z.strictObject({}), start: () => link })],
  });
  const realms = [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }];
  running = await startParties(realms, undefined, {
    network: { plugin, entry: () => ({ type: "test" }) },
    name: "this-node",
  });
});
afterEach(() => running.close());

it("a registration that is lost before its callee knows of it is refused, and the next one is not", async () => {
  link.claims.push(claimed(5), claimed(7));
  const callee = await running.join();
  let telling = link.telling();
  const request = callee.request(Code.REGISTER, {}, SUM);
  await telling;
  link.side?.lost(5);
  link.arrive();
  expect(await callee.error()).toMatchObject({ request, uri: "wamp.error.procedure_already_exists" });
  callee.call(SUM);
  expect((await callee.error()).uri).toBe("wamp.error.no_such_procedure");
  telling = link.telling();
  const again = callee.request(Code.REGISTER, {}, SUM);
  await telling;
  link.arrive();
  expect(await callee.next(Code.REGISTERED)).toEqual([again, 7]);
});

it("REGISTER is answered where another node has told of a later registration by then, and the claim is given back", async () => {
  link.claims.push(claimed(5));
  const callee = await running.join();
  const telling = link.telling();
  const request = callee.request(Code.REGISTER, {}, SUM);
  await telling;
  const registration = { registration: 6, match: "exact", uri: SUM, invoke: "single", created: Date.now(), order: 6 };
  const who = { session: 1234, authid: "joe", authrole: "user", authmethod: "test", features: {} };
  const flags = { discloseCaller: false, forwardTimeout: false };
  expect(link.side?.told(OTHER, { kind: "callee", ...registration, ...who, ...flags }, true)).toBe(true);
  link.arrive();
  expect(await callee.error()).toMatchObject({ request, uri: "wamp.error.procedure_already_exists" });
  expect(link.released).toEqual([5]);
});
