import { jest } from "@jest/globals";
import { Code, WampError } from "@wampgate/core";
import { type FakeClient, type HelloOptions, startTestRouter, type TestRouter } from "@wampgate/plugin-testkit";
import fc from "fast-check";
import { runs } from "../jest/runs.ts";
import { deriveKeys } from "../packages/auth-scram/src/derive.ts";
import { SPEC } from "../packages/auth-scram/src/dialect.ts";
import { login as autobahn } from "./support/autobahn.ts";
import { authenticatorOf, dynamicBlock, REALMS } from "./support/dynamic.ts";
import { FUZZ_TIME } from "./support/fuzz.ts";
import { inTurns, type Samples, tellsApart } from "./support/rank-test.ts";
import { OFFICIAL, startRouter } from "./support/router.ts";
import { answerTo, DIALECTS, greet, METHODS, principalOf } from "./support/scram.ts";

// The two SCRAM methods with what decides for them: principals, an authenticator, a reload, a restart, a renewal; and what a
// stranger learns of them.

jest.setTimeout(60_000);

const DENIED = "wamp.error.authentication_denied";
const FAILED = "wamp.error.authentication_failed";

type Challenged = Record<string, unknown> & { nonce: string; salt: string };

async function challenged(client: FakeClient): Promise<Challenged> {
  return (await client.expect(Code.CHALLENGE))[2] as Challenged;
}

describe.each(METHODS)("%s", (method) => {
  const dialect = DIALECTS[method];
  let running: TestRouter;
  let principals: Record<string, Awaited<ReturnType<typeof principalOf>>>;
  beforeAll(async () => {
    principals = {
      joe: await principalOf(dialect, "joe's"),
      ann: await principalOf(dialect, "ann's", "00112233445566778899aabbccddeeff"),
    };
  });
  const start = async (auth: unknown = { type: "static", principals }, more: object = {}): Promise<TestRouter> =>
    startTestRouter({ plugins: OFFICIAL, auth: { [method]: auth }, ...more });

  async function login(authid: string | null, password: string, more: HelloOptions = {}): Promise<FakeClient> {
    const client = running.connect();
    await greet(client, method, { authid, ...more });
    const { signature, extra } = await answerTo(method, await challenged(client), password, client.said);
    client.authenticate(signature, extra);
    return client;
  }

  describe("with static principals", () => {
    beforeAll(async () => (running = await start()));
    afterAll(() => running.close());

    it("lets each principal in by its own password, and by no other's", async () => {
      for (const authid of ["joe", "ann"]) {
        const other = authid === "joe" ? "ann's" : "joe's";
        expect(await (await login(authid, `${authid}'s`)).welcomed()).toMatchObject({ authid, authmethod: method });
        for (const wrong of [other, "", "joe's "])
          expect((await (await login(authid, wrong)).aborted()).reason).toBe(DENIED);
      }
    });

    it("denies a proof that was right in an earlier login, and one that was made for another's challenge", async () => {
      const client = running.connect();
      await greet(client, method);
      const right = await answerTo(method, await challenged(client), "joe's", client.said);
      client.authenticate(right.signature, right.extra);
      await client.welcomed();
      for (const authid of ["joe", "ann"]) {
        const again = running.connect();
        await greet(again, method, { authid, authextra: { ...client.said.authextra } });
        const { nonce } = await challenged(again);
        again.authenticate(right.signature, { ...right.extra, nonce });
        expect((await again.aborted()).reason).toBe(DENIED);
      }
    });

    it("takes one answer to a challenge, and no second one", async () => {
      const client = running.connect();
      await greet(client, method);
      const extra = await challenged(client);
      client.authenticate("wrong", { nonce: extra.nonce });
      const right = await answerTo(method, extra, "joe's", client.said);
      client.authenticate(right.signature, right.extra);
      expect((await client.aborted()).reason).toBe(DENIED);
    });

    it("challenges strangers as it challenges principals, always in the same way for one authid, also after a restart", async () => {
      const shown = async ({ connect }: TestRouter, authid: string | null): Promise<object> => {
        const client = connect();
        await greet(client, method, { authid });
        const { nonce, ...rest } = await challenged(client);
        client.close();
        return { ...rest, nonces: nonce.length };
      };
      const strangers = [null, "nobody", "somebody", "__proto__"];
      const before = [];
      for (const authid of strangers) before.push(await shown(running, authid), await shown(running, authid));
      const restarted = await start();
      const after = [];
      for (const authid of strangers) after.push(await shown(restarted, authid), await shown(restarted, authid));
      await restarted.close();
      expect(after).toEqual(before);
      expect(new Set(before.map((one) => JSON.stringify(one))).size).toBe(strangers.length);
      const { salt, ...known } = (await shown(running, "joe")) as { salt: string };
      for (const stranger of before) {
        expect(stranger).toMatchObject(known);
        expect((stranger as typeof known & { salt: string }).salt).toHaveLength(salt.length);
      }
    });

    it("sends principals and strangers the same frames, byte by byte but for what is new each time", async () => {
      const framesOf = async (authid: string): Promise<string[]> => {
        const link = running.router.connect();
        const frames: string[] = [];
        const closed = new Promise<void>((resolve) => (link.onclose = resolve));
        link.onframe = (frame) => {
          frames.push(String(frame));
          if (frames.length > 1) return;
          const { nonce } = (JSON.parse(String(frame)) as [number, string, Challenged])[2];
          link.send(JSON.stringify([Code.AUTHENTICATE, WRONG, { nonce }]));
        };
        const details = { roles: { caller: {} }, authid, authmethods: [method], authextra: { nonce: "AAAAAAAA" } };
        link.send(JSON.stringify([Code.HELLO, "realm1", details]));
        await closed;
        return frames.map((frame) => frame.replace(/"nonce":"[\w+/=]{32}"/, "").replace(/"salt":"[\w+/=]{24}"/, ""));
      };
      const known = await framesOf("joe");
      expect(known).toHaveLength(2);
      expect(await framesOf("nobody")).toEqual(known);
    });

    it("takes the same time for principals and strangers", async () => {
      const timeOf = async (authid: string): Promise<number> => {
        const client = running.connect();
        const began = performance.now();
        client.hello({ authid, authmethods: [method], authextra: { nonce: "AAAAAAAA" } });
        const { nonce } = await challenged(client);
        client.authenticate(WRONG, { nonce });
        await client.aborted();
        return performance.now() - began;
      };
      const measure = (count: number): Promise<Samples> =>
        inTurns(count, (which) => timeOf(which === 0 ? "joe" : "zoe"));
      await measure(50); // until the code is warm
      expect(await tellsApart(() => measure(400))).toBe(false);
    });

    it(
      "answers whatever HELLO and AUTHENTICATE hold by WELCOME, CHALLENGE or ABORT, and logs no failure of its own",
      async () => {
        const text = fc.oneof(fc.string({ unit: "binary" }), fc.base64String(), fc.constantFrom("", "AAAAAAAA", "joe"));
        const anything = fc.oneof(text, fc.jsonValue({ maxDepth: 2 }));
        const authextra = fc.oneof(
          fc.record(
            { nonce: fc.oneof(fc.constant("AAAAAAAA"), anything), channel_binding: anything },
            { requiredKeys: [] },
          ),
          anything,
        );
        const extra = fc.dictionary(fc.constantFrom("nonce", "channel_binding", "cbind_data", "x"), anything);
        const signature = fc.oneof(text, fc.uint8Array({ minLength: 32, maxLength: 32 }).map(base64));
        await fc.assert(
          fc.asyncProperty(
            text,
            authextra,
            signature,
            extra,
            fc.boolean(),
            async (authid, hello, proof, own, repeats) => {
              const client = running.connect();
              const details = { roles: { caller: {} }, authid, authmethods: [method], authextra: hello };
              client.send(Code.HELLO, "realm1", details);
              const first = await client.next();
              if (first[0] === Code.CHALLENGE) {
                const { nonce } = first[2] as Challenged;
                client.authenticate(proof, repeats ? { ...own, nonce } : own);
                expect((await client.aborted()).reason).toBe(DENIED);
              } else expect(first[0]).toBe(Code.ABORT);
              client.close();
            },
          ),
          runs(300),
        );
        expect(running.log.text()).not.toMatch(/login failed|threw/);
        await (await login("joe", "joe's")).welcomed();
      },
      FUZZ_TIME,
    );
  });

  describe("with an authenticator", () => {
    let answer: unknown;
    beforeEach(async () => {
      const module = authenticatorOf((_realm, authid) => {
        if (authid === "nobody") throw new WampError("com.example.no_such_user", "no user of that name");
        return answer;
      });
      running = await start([dynamicBlock], {
        realms: REALMS,
        components: [{ module, realm: "realm-auth", role: "authenticator" }],
      });
    });
    afterEach(() => running.close());

    it("is answered by the keys of a principal, and what it assigns", async () => {
      const { role, ...keys } = await principalOf(dialect, "joe's");
      answer = { ...keys, role, realm: "realm1", authid: "device-1", extra: { foo: 23 } };
      const welcome = await (await login("joe", "joe's", { realm: null })).welcomed();
      expect(welcome).toMatchObject({ realm: "realm1", authid: "device-1", authprovider: "dynamic" });
      expect(welcome["authextra"]).toMatchObject({ foo: 23, verifier: expect.stringMatching(/^v=/) as string });
      expect((await (await login("joe", "wrong")).aborted()).reason).toBe(DENIED);
      await (await login(null, "joe's")).welcomed();
    });

    it("takes keys by pbkdf2 whose memory is null, as other programs say none", async () => {
      const { storedKey, serverKey } = await deriveKeys(dialect, "joe's", Buffer.alloc(8), {
        name: "pbkdf2",
        iterations: 7,
      });
      const keys = { "stored-key": storedKey.toString("hex"), "server-key": serverKey.toString("hex").toUpperCase() };
      answer = { role: "user", kdf: "pbkdf2", iterations: 7, memory: null, salt: "00".repeat(8), ...keys };
      await (await login("joe", "joe's")).welcomed();
    });

    it("gives the client the authenticator's own word where that raises an ERROR", async () => {
      const client = running.connect();
      await greet(client, method, { authid: "nobody" });
      expect(await client.aborted()).toEqual({ reason: "com.example.no_such_user", message: "no user of that name" });
    });

    it("lets the authenticator know nothing of a HELLO that is malformed", async () => {
      const client = running.connect();
      client.hello({ authid: "nobody", authmethods: [method], authextra: { nonce: "short" } });
      expect((await client.aborted()).reason).toBe(FAILED);
    });
  });

  describe("before a further factor", () => {
    beforeEach(async () => {
      const joe = { ...principals["joe"], then: "ticket" };
      running = await startTestRouter({
        plugins: OFFICIAL,
        auth: {
          [method]: { type: "static", principals: { joe } },
          ticket: { type: "static", principals: { joe: { ticket: "second", role: "user" } } },
        },
      });
    });
    afterEach(() => running.close());

    it("is followed by it, whatever the first proof was, and proves the router in the end", async () => {
      for (const [authid, password, ticket, isRight] of [
        ["joe", "joe's", "second", true],
        ["joe", "joe's", "wrong", false],
        ["joe", "wrong", "second", false],
        ["nobody", "joe's", "second", false],
      ] as const) {
        const client = await login(authid, password);
        expect((await client.expect(Code.CHALLENGE))[1]).toBe("ticket");
        client.authenticate(ticket);
        if (!isRight) expect((await client.aborted()).reason).toBe(DENIED);
        else expect((await client.welcomed())["authextra"]).toHaveProperty("verifier");
      }
    });
  });

  describe("at a reload", () => {
    type Principals = Record<string, object>;
    beforeEach(async () => (running = await start()));
    afterEach(() => running.close());
    const update = (change: (own: Principals) => Principals) =>
      running.router.update((config) => {
        const auth = { [method]: { type: "static", principals: change(principals) } };
        return { ...config, transports: [{ type: "memory", auth }] } as unknown as typeof config;
      });

    it("leaves the sessions of those who are still there, and knows new ones", async () => {
      const client = await login("joe", "joe's");
      await client.welcomed();
      const max = await principalOf(dialect, "max's");
      expect(await update((own) => ({ ...own, max }))).toMatchObject({ closed: 0, problems: [] });
      await (await login("max", "max's")).welcomed();
    });

    it("ends the sessions of those who are gone, and their passwords are worth nothing", async () => {
      const client = await login("joe", "joe's");
      await client.welcomed();
      expect(await update(({ ann }) => ({ ann: ann ?? {} }))).toMatchObject({ closed: 1 });
      expect((await client.expect(Code.GOODBYE))[2]).toBe("wamp.close.killed");
      expect((await (await login("joe", "joe's")).aborted()).reason).toBe(DENIED);
    });

    it("changes the password for the next logins, but a challenge that was sent goes by the old one", async () => {
      const client = running.connect();
      await greet(client, method);
      const old = await answerTo(method, await challenged(client), "joe's", client.said);
      const joe = await principalOf(dialect, "a new one", "ffeeddccbbaa99887766554433221100");
      await update((own) => ({ ...own, joe }));
      client.authenticate(old.signature, old.extra);
      await client.welcomed();
      expect((await (await login("joe", "joe's")).aborted()).reason).toBe(DENIED);
      await (await login("joe", "a new one")).welcomed();
    });
  });

  describe("at a renewal", () => {
    const RENEW = "wampgate.session.renew";
    const CHALLENGE = "wampgate.session.challenge";
    const expires = Math.floor(Date.now() / 1000) + 3600;
    beforeEach(async () => {
      const joe = { ...principals["joe"], authid: "device-7", expires };
      running = await start({ type: "static", principals: { ...principals, joe } });
    });
    afterEach(() => running.close());

    let request = 0;
    async function call(client: FakeClient, procedure: string, args: unknown[] = [], kwargs: object = {}) {
      client.send(Code.CALL, ++request, {}, procedure, args, kwargs);
      const message = await client.next();
      return message[0] === Code.RESULT ? (message[3] as unknown[])[0] : message[4];
    }

    /** Asks for a challenge, and shows the proof. */
    async function renew(client: FakeClient, password: string): Promise<unknown> {
      const authextra = { nonce: base64(crypto.getRandomValues(new Uint8Array(16))) };
      const { authmethod, extra } = (await call(client, CHALLENGE, [], { authextra })) as {
        authmethod: string;
        extra: Challenged;
      };
      expect(authmethod).toBe(method);
      const right = await answerTo(method, extra, password, { authid: "joe", authextra });
      return call(client, RENEW, [right.signature], { extra: right.extra });
    }

    it("the client shows the proof again, and stays", async () => {
      const client = await login("joe", "joe's");
      expect(await client.welcomed()).toMatchObject({ authid: "device-7", expires });
      expect(await renew(client, "joe's")).toEqual({ expires });
    });

    it("a wrong password, a malformed nonce, or no challenge at all is refused, and the session stays", async () => {
      const client = await login("joe", "joe's");
      await client.welcomed();
      expect(await renew(client, "ann's")).toBe(DENIED);
      expect(await call(client, CHALLENGE, [], { authextra: { nonce: "short" } })).toBe(FAILED);
      expect(await call(client, CHALLENGE)).toBe(FAILED);
      expect(await call(client, RENEW, [WRONG])).toBe(FAILED);
      expect(await renew(client, "joe's")).toEqual({ expires });
    });
  });
});

/** 32 bytes, as a proof has them. */
const WRONG = Buffer.alloc(32).toString("base64");

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

/** The client of the example, for programs in JavaScript. */
interface Example {
  readonly scramLogin: (authid: string, password: string) => { options: object; isKnown: (details: object) => boolean };
}
const EXAMPLE = "../examples/scram/scram.mjs";

it.each([22, 26].flatMap((version) => ["json", "msgpack", "cbor"].map((serializer) => [version, serializer] as const)))(
  "autobahn-js %i logs in by wamp-scram in %s, with the client of the example, which checks the router's own proof",
  async (version, serializer) => {
    const { scramLogin } = (await import(EXAMPLE)) as Example;
    const salt = "00112233445566778899aabbccddeeff";
    const kdf = { name: "pbkdf2", iterations: 4096 } as const;
    const { storedKey, serverKey } = await deriveKeys(SPEC, "pencil", Buffer.from(salt, "hex"), kdf);
    const keys = { "stored-key": storedKey.toString("hex"), "server-key": serverKey.toString("hex") };
    const joe = { kdf: "pbkdf2", iterations: 4096, salt, ...keys, role: "user" };
    const running = await startRouter({
      realms: [{ name: "realm1", roles: [{ name: "user" }] }],
      auth: { "wamp-scram": { type: "static", principals: { "joe,=": joe } } },
    });
    try {
      const by = (password: string) => {
        const { options, isKnown } = scramLogin("joe,=", password);
        const url = running.url;
        return {
          isKnown,
          joined: autobahn({ url, ...options, serializer, version } as Parameters<typeof autobahn>[0]),
        };
      };
      const { joined, isKnown } = by("pencil");
      const { details, close } = await joined;
      expect(details).toMatchObject({ authid: "joe,=", authmethod: "wamp-scram" });
      expect(isKnown(details)).toBe(true);
      await close();
      await expect(by("pen").joined).rejects.toMatchObject({ reason: DENIED });
    } finally {
      await running.close();
    }
  },
);
