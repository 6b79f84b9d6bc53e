import { Code } from "@wampgate/core";
import type { Party } from "../support/party.ts";
import type { Suite } from "./suite.ts";

/** The dealer's features, each with the section of the spec that asks for it. */
export function dealerFeatures({ join, feature }: Suite): void {
  let [first, second, third]: Party[] = [];
  beforeEach(async () => {
    first = await join({ authid: "cal" });
    second = await join({ authid: "bob" });
    third = await join({ authid: "ada" });
  });
  afterEach(() => [first, second, third].forEach((party) => party?.vanish()));
  const [caller, callee, other] = [() => first as Party, () => second as Party, () => third as Party];

  // advanced/rpc_caller_identification
  feature("dealer.caller_identification", () => {
    it("disclose_me shows the caller, and nothing else does", async () => {
      await callee().register("com.proc");
      caller().call("com.proc");
      expect((await callee().invocation()).details).toEqual({});
      caller().call("com.proc", { disclose_me: true });
      const shown = { caller: caller().id, caller_authid: "cal", caller_authrole: "user" };
      expect((await callee().invocation()).details).toEqual(shown);
    });

    it("a callee that registers with disclose_caller sees every caller", async () => {
      await callee().register("com.proc", { disclose_caller: true });
      caller().call("com.proc");
      expect((await callee().invocation()).details).toMatchObject({ caller: caller().id });
    });

    it("the role's rule shows it without being asked", async () => {
      const shown = await join({ role: "shown" });
      await callee().register("com.proc");
      shown.call("com.proc");
      expect((await callee().invocation()).details).toMatchObject({ caller: shown.id });
      shown.vanish();
    });

    it("where the realm forbids it the call and the registration are refused", async () => {
      const party = await join({ realm: "strict" });
      const refused = { uri: "wamp.error.option_disallowed.disclose_me" };
      party.call("com.proc", { disclose_me: true });
      expect(await party.error()).toMatchObject(refused);
      party.request(Code.REGISTER, { disclose_caller: true }, "com.proc");
      expect(await party.error()).toMatchObject(refused);
      party.vanish();
    });
  });

  // advanced/rpc_call_trustlevels
  feature("dealer.call_trustlevels", () => {
    it("calls of a role with a trust level carry it", async () => {
      const senior = await join({ role: "senior" });
      await callee().register("com.proc");
      senior.call("com.proc");
      expect((await callee().invocation()).details).toEqual({ trustlevel: 7 });
      senior.vanish();
    });
  });

  // advanced/rpc_pattern_based_registration, with the table of its example
  feature("dealer.pattern_based_registration", () => {
    it("a call goes to the registration that takes precedence", async () => {
      const registrations: [string, string][] = [
        ["a1.b2.c3.d4.e55", "exact"],
        ["a1.b2.c3", "prefix"],
        ["a1.b2.c3.d4", "prefix"],
        ["a1.b2..d4.e5", "wildcard"],
        ["a1.b2.c33..e5", "wildcard"],
        ["a1.b2..d4.e5..g7", "wildcard"],
        ["a1.b2..d4..f6.g7", "wildcard"],
        ["a1.b2.x33..e5", "wildcard"],
      ];
      const ids: number[] = [];
      for (const [uri, match] of registrations) ids.push(await callee().register(uri, { match }));
      const chosen = async (procedure: string) => {
        caller().call(procedure);
        const { registration, details } = await callee().invocation();
        return [ids.indexOf(registration) + 1, details];
      };
      expect(await chosen("a1.b2.c3.d4.e55")).toEqual([1, {}]);
      expect(await chosen("a1.b2.c3.d98.e74")).toEqual([2, { procedure: "a1.b2.c3.d98.e74" }]);
      expect(await chosen("a1.b2.c3.d4.e325")).toEqual([3, { procedure: "a1.b2.c3.d4.e325" }]);
      expect(await chosen("a1.b2.c55.d4.e5")).toEqual([4, { procedure: "a1.b2.c55.d4.e5" }]);
      // The table says 5 here, but a prefix is a string prefix: docs/decisions/string-prefix.md
      expect(await chosen("a1.b2.c33.d4.e5")).toEqual([2, { procedure: "a1.b2.c33.d4.e5" }]);
      expect(await chosen("a1.b2.x33.d4.e5")).toEqual([8, { procedure: "a1.b2.x33.d4.e5" }]);
      expect(await chosen("a1.b2.c88.d4.e5.f6.g7")).toEqual([6, { procedure: "a1.b2.c88.d4.e5.f6.g7" }]);
      caller().call("a2.b2.c2.d2.e2");
      expect(await caller().error()).toMatchObject({ uri: "wamp.error.no_such_procedure" });
    });

    it("what a client may not offer is refused as a pattern too", async () => {
      for (const [uri, match] of [
        ["wamp.", "prefix"],
        ["wamp..x", "wildcard"],
        ["a..b", "exact"],
        ["a b", "prefix"],
      ]) {
        callee().request(Code.REGISTER, { match }, uri);
        expect(await callee().error()).toMatchObject({ uri: "wamp.error.invalid_uri" });
      }
    });
  });

  // advanced/rpc_shared_registration
  feature("dealer.shared_registration", () => {
    const registered = async (options: Record<string, unknown>) => {
      const id = await callee().register("com.shared", options);
      expect(await other().register("com.shared", options)).toBe(id);
      return id;
    };
    /** Who gets the next call: it is answered, so that the callee is free again. */
    const who = async (): Promise<string> => {
      caller().call("com.shared");
      const answer = async (party: Party, name: string) => {
        const { id } = await party.invocation();
        party.yield(id);
        return name;
      };
      const winner = Promise.race([answer(callee(), "first"), answer(other(), "second")]);
      await caller().next(Code.RESULT);
      return winner;
    };

    it("a session that registers its share again gets the same id, and no second share", async () => {
      const id = await registered({ invoke: "roundrobin" });
      expect(await callee().register("com.shared", { invoke: "roundrobin" })).toBe(id);
      expect([await who(), await who(), await who(), await who()].sort()).toEqual([
        "first",
        "first",
        "second",
        "second",
      ]);
      callee().call("wamp.registration.count_callees", {}, [id]);
      expect((await callee().next(Code.RESULT))[2]).toEqual([2]);
    });

    it.each([
      ["first", "first"],
      ["last", "second"],
    ])("invoke: %s always calls the %s one", async (invoke, name) => {
      await registered({ invoke });
      const party = name === "first" ? callee() : other();
      for (let i = 0; i < 3; i++) {
        caller().call("com.shared");
        party.yield((await party.invocation()).id);
        await caller().next(Code.RESULT);
      }
    });

    it("invoke: roundrobin takes turns, and goes on when one leaves", async () => {
      const turn = await join();
      await registered({ invoke: "roundrobin" });
      await turn.register("com.shared", { invoke: "roundrobin" });
      for (const party of [callee(), other(), turn, callee()]) {
        caller().call("com.shared");
        party.yield((await party.invocation()).id);
        await caller().next(Code.RESULT);
      }
      await other().leave();
      for (const party of [turn, callee(), turn]) {
        caller().call("com.shared");
        party.yield((await party.invocation()).id);
        await caller().next(Code.RESULT);
      }
      turn.vanish();
    });

    it("invoke: random calls one of them", async () => {
      await registered({ invoke: "random" });
      expect(["first", "second"]).toContain(await who());
    });

    it("one procedure has one policy, and single is for one", async () => {
      await callee().register("com.shared", { invoke: "first" });
      for (const [party, invoke] of [
        [other(), "last"],
        [other(), "single"],
        [callee(), "single"],
      ] as const) {
        party.request(Code.REGISTER, { invoke }, "com.shared");
        expect(await party.error()).toMatchObject({ uri: "wamp.error.procedure_already_exists" });
      }
    });

    it("a callee with a concurrency is passed over while it is busy, and the caller told when all are", async () => {
      await registered({ invoke: "first", concurrency: 1 });
      caller().call("com.shared");
      const busy = await callee().invocation();
      caller().call("com.shared");
      await other().invocation();
      caller().call("com.shared");
      expect(await caller().error()).toMatchObject({ uri: "wamp.error.no_available_callee" });
      callee().yield(busy.id);
      await caller().next(Code.RESULT);
      caller().call("com.shared");
      await callee().invocation();
    });
  });

  // advanced/rpc_progressive_call_results
  feature("dealer.progressive_call_results", () => {
    it("results come as they are made, and the last one ends the call", async () => {
      await callee().register("com.proc");
      const request = caller().call("com.proc", { receive_progress: true });
      const { id, details } = await callee().invocation();
      expect(details).toEqual({ receive_progress: true });
      callee().yield(id, { progress: true }, [1]);
      callee().yield(id, { progress: true }, [2]);
      callee().yield(id, {}, [3]);
      expect(await caller().next(Code.RESULT)).toEqual([request, { progress: true }, [1]]);
      expect(await caller().next(Code.RESULT)).toEqual([request, { progress: true }, [2]]);
      expect(await caller().next(Code.RESULT)).toEqual([request, {}, [3]]);
      callee().yield(id, {}, ["late"]);
      await caller().hearsNothing();
    });

    it("a callee that did not announce it is not asked for progress", async () => {
      const plain = await join({ features: { callee: [] } });
      await plain.register("com.proc");
      caller().call("com.proc", { receive_progress: true });
      expect((await plain.invocation()).details).toEqual({});
      plain.vanish();
    });

    it("a caller that did not ask for progress gets none", async () => {
      await callee().register("com.proc");
      const request = caller().call("com.proc");
      const { id } = await callee().invocation();
      callee().yield(id, { progress: true }, [1]);
      callee().yield(id, {}, [2]);
      expect(await caller().next(Code.RESULT)).toEqual([request, {}, [2]]);
    });
  });

  // advanced/rpc_progressive_call_invocations
  feature("dealer.progressive_call_invocations", () => {
    it("the parts of a call arrive as one invocation, with the options of the first", async () => {
      await callee().register("com.proc");
      const request = caller().call("com.proc", { progress: true, disclose_me: true }, [1]);
      const one = await callee().invocation();
      caller().send(Code.CALL, request, { progress: true }, "com.proc", [2]);
      caller().send(Code.CALL, request, {}, "com.proc", [3]);
      const [two, three] = [await callee().invocation(), await callee().invocation()];
      const shown = { caller: caller().id };
      expect(one).toMatchObject({ args: [1], details: { ...shown, progress: true } });
      expect(two).toMatchObject({ id: one.id, args: [2], details: { ...shown, progress: true } });
      expect(three).toMatchObject({ id: one.id, args: [3], details: { ...shown, progress: false } });
      callee().yield(one.id, {}, ["done"]);
      expect(await caller().next(Code.RESULT)).toEqual([request, {}, ["done"]]);
    });

    it("parts that come after the call has ended are for nobody", async () => {
      await callee().register("com.proc");
      const request = caller().call("com.proc", { progress: true });
      callee().yield((await callee().invocation()).id);
      await caller().next(Code.RESULT);
      caller().send(Code.CALL, request, { progress: true }, "com.proc", [2]);
      caller().send(Code.CALL, request, { progress: false }, "com.proc", [3]);
      await caller().hearsNothing();
      await callee().hearsNothing();
    });

    it.each([
      ["com.none", "wamp.error.no_such_procedure"],
      ["wamp.session.count", "wamp.error.feature_not_supported"],
    ])(
      "a call of %s that is refused at its first part gets one ERROR, and its later parts run nothing",
      async (uri, why) => {
        const request = caller().call(uri, { progress: true }, [1]);
        expect(await caller().error()).toMatchObject({ request, uri: why });
        if (uri === "com.none") await callee().register(uri);
        caller().send(Code.CALL, request, { progress: true }, uri, [2]);
        caller().send(Code.CALL, request, {}, uri, [3]);
        await caller().hearsNothing();
        await callee().hearsNothing();
      },
    );

    it("a part for another procedure, or after the last one, is a protocol violation", async () => {
      await callee().register("com.proc");
      const request = caller().call("com.proc", { progress: true });
      caller().send(Code.CALL, request, { progress: true }, "com.other");
      expect(await caller().client.aborted()).toMatchObject({ reason: "wamp.error.protocol_violation" });
      const again = other().call("com.proc", { progress: true });
      other().send(Code.CALL, again, { progress: false }, "com.proc");
      other().send(Code.CALL, again, { progress: false }, "com.proc");
      expect(await other().client.aborted()).toMatchObject({ reason: "wamp.error.protocol_violation" });
    });

    it("a callee that lacks it is not called", async () => {
      const plain = await join({ features: { callee: [] } });
      await plain.register("com.lacking");
      caller().call("com.lacking", { progress: true });
      expect(await caller().error()).toMatchObject({ uri: "wamp.error.feature_not_supported" });
      plain.send(Code.GOODBYE, {}, "wamp.close.close_realm");
      await plain.client.closed;
    });

    it("a caller need not announce what it does: wampy sends parts, and announces nothing", async () => {
      const plain = await join({ features: { caller: [] } });
      await callee().register("com.proc");
      plain.call("com.proc", { progress: true }, [1]);
      expect(await callee().invocation()).toMatchObject({ args: [1], details: { progress: true } });
      plain.send(Code.GOODBYE, {}, "wamp.close.close_realm");
      await plain.client.closed;
    });
  });

  // advanced/rpc_call_canceling
  feature("dealer.call_canceling", () => {
    it.each(["skip", "killnowait", "kill"])("mode %s", async (mode) => {
      await callee().register("com.proc");
      const request = caller().call("com.proc");
      const { id } = await callee().invocation();
      caller().send(Code.CANCEL, request, { mode });
      if (mode !== "skip") expect(await callee().next(Code.INTERRUPT)).toMatchObject([id, { mode }]);
      if (mode === "kill") {
        await caller().hearsNothing();
        callee().send(Code.ERROR, Code.INVOCATION, id, {}, "com.stopped");
        expect(await caller().error()).toMatchObject({ request, uri: "com.stopped" });
      } else expect(await caller().error()).toMatchObject({ request, uri: "wamp.error.canceled" });
      callee().yield(id);
      caller().send(Code.CANCEL, request, { mode });
      await caller().hearsNothing();
      await callee().hearsNothing();
    });

    it("without a mode it is killnowait, and for a callee that cannot be interrupted it is skip", async () => {
      const plain = await join({ features: { callee: [] } });
      await callee().register("com.proc");
      await plain.register("com.plain");
      caller().send(Code.CANCEL, caller().call("com.proc"), {});
      await callee().invocation();
      expect(await callee().next(Code.INTERRUPT)).toMatchObject([1, { mode: "killnowait" }]);
      await caller().error();
      caller().send(Code.CANCEL, caller().call("com.plain"), { mode: "kill" });
      expect(await caller().error()).toMatchObject({ uri: "wamp.error.canceled" });
      await plain.invocation();
      await plain.hearsNothing();
      plain.vanish();
    });

    it("a callee is interrupted once, however often its call is cancelled", async () => {
      await callee().register("com.proc");
      const request = caller().call("com.proc");
      const { id } = await callee().invocation();
      for (let i = 0; i < 3; i++) caller().send(Code.CANCEL, request, { mode: "kill" });
      expect(await callee().next(Code.INTERRUPT)).toMatchObject([id, { mode: "kill" }]);
      caller().send(Code.CANCEL, request, { mode: "killnowait" });
      expect(await caller().error()).toMatchObject({ request, uri: "wamp.error.canceled" });
      await callee().hearsNothing();
    });

    it("nobody cancels the call of another", async () => {
      await callee().register("com.proc");
      const request = caller().call("com.proc");
      other().send(Code.CANCEL, request, {});
      await other().hearsNothing();
      callee().yield((await callee().invocation()).id);
      await caller().next(Code.RESULT);
    });
  });

  // advanced/rpc_call_timeout
  feature("dealer.call_timeout", () => {
    it("the call ends when its time is up, and the callee is interrupted", async () => {
      await callee().register("com.proc");
      const request = caller().call("com.proc", { timeout: 20 });
      const { id, details } = await callee().invocation();
      expect(details).toEqual({});
      expect(await caller().error()).toMatchObject({ request, uri: "wamp.error.timeout" });
      expect(await callee().next(Code.INTERRUPT)).toMatchObject([id, { mode: "killnowait" }]);
      callee().yield(id);
      await caller().hearsNothing();
    });

    it("a timeout of 0 is none, and so is one longer than a timer can be", async () => {
      await callee().register("com.proc");
      for (const timeout of [0, 2 ** 40]) {
        caller().call("com.proc", { timeout });
        callee().yield((await callee().invocation()).id);
        await caller().next(Code.RESULT);
      }
    });

    it("a callee that registers with forward_timeout watches over it itself", async () => {
      await callee().register("com.proc", { forward_timeout: true });
      caller().call("com.proc", { timeout: 20 });
      expect((await callee().invocation()).details).toEqual({ timeout: 20 });
    });
  });

  // advanced/rpc_registration_revocation
  feature("dealer.registration_revocation", () => {
    it("who announced it is told that its registration was taken, and why", async () => {
      const admin = await join({ role: "admin" });
      const id = await callee().register("com.proc");
      await admin.ask("wamp.registration.remove_callee", [id, callee().id], { reason: "com.no_longer" });
      expect(await callee().next(Code.UNREGISTERED)).toEqual([0, { registration: id, reason: "com.no_longer" }]);
      caller().call("com.proc");
      expect(await caller().error()).toMatchObject({ uri: "wamp.error.no_such_procedure" });
      admin.vanish();
    });

    it("force_reregister takes a procedure from another session of the same user", async () => {
      const again = await join({ authid: "bob" });
      const id = await callee().register("com.proc");
      await again.register("com.proc", { force_reregister: true });
      expect(await callee().next(Code.UNREGISTERED)).toMatchObject([0, { registration: id }]);
      caller().call("com.proc");
      await again.invocation();
      again.vanish();
    });
  });

  // advanced/payload_passthru_mode
  feature("dealer.payload_passthru_mode", () => {
    it("a call whose payload is encrypted by enc_algo, as of older clients, gets an ERROR, and its session stays", async () => {
      await callee().register("com.proc");
      const options = { enc_algo: "cryptobox", enc_serializer: "json" };
      const request = caller().request(Code.CALL, options, "com.proc", "c2VjcmV0");
      expect(await caller().error()).toMatchObject({ request, uri: "wamp.error.feature_not_supported" });
      await callee().hearsNothing();
    });

    it("an answer of that kind becomes an ERROR for the caller", async () => {
      await callee().register("com.proc");
      for (const answer of [Code.YIELD, Code.ERROR]) {
        const request = caller().call("com.proc");
        const { id } = await callee().invocation();
        if (answer === Code.YIELD) callee().send(Code.YIELD, id, { enc_algo: "cryptobox" }, "c2VjcmV0");
        else callee().send(Code.ERROR, Code.INVOCATION, id, { enc_algo: "cryptobox" }, "com.refused", "c2VjcmV0");
        expect(await caller().error()).toMatchObject({ request, uri: "wamp.error.feature_not_supported" });
      }
    });

    const ppt = { ppt_scheme: "x_custom", ppt_serializer: "cbor", ppt_keyid: "key1" };

    it("the attributes cross with the call, its result and its error", async () => {
      await callee().register("com.proc");
      caller().call("com.proc", ppt, ["\0AQID"]);
      const { id, details, args } = await callee().invocation();
      expect([details, args]).toEqual([ppt, ["\0AQID"]]);
      callee().yield(id, { ...ppt, ppt_keyid: "key2" }, ["\0BA=="]);
      expect((await caller().next(Code.RESULT)).slice(1)).toEqual([{ ...ppt, ppt_keyid: "key2" }, ["\0BA=="]]);
      caller().call("com.proc", ppt, ["\0AQID"]);
      callee().send(Code.ERROR, Code.INVOCATION, (await callee().invocation()).id, ppt, "com.failed", ["\0BA=="]);
      expect((await caller().next(Code.ERROR)).slice(2)).toEqual([ppt, "com.failed", ["\0BA=="]]);
    });

    it("who could not read such a payload is not given it", async () => {
      const plain = await join({ features: { callee: [], caller: [] } });
      await plain.register("com.plain");
      caller().call("com.plain", ppt, ["\0AQID"]);
      expect(await caller().error()).toMatchObject({ uri: "wamp.error.feature_not_supported" });
      await callee().register("com.proc");
      plain.call("com.proc");
      callee().yield((await callee().invocation()).id, ppt, ["\0AQID"]);
      expect(await plain.error()).toMatchObject({ uri: "wamp.error.feature_not_supported" });
      plain.vanish();
    });
  });

  // advanced/meta_api_registration
  feature("dealer.registration_meta_api", () => {
    it("tells of a registration's life, and answers questions about it", async () => {
      const watcher = await join();
      await watcher.subscribe("wamp.registration.", { match: "prefix" });
      const options = { match: "wildcard", invoke: "roundrobin" };
      const id = await callee().register("com..meta", options);
      const created = await watcher.event();
      expect([created.details["topic"], (created.args as unknown[])[0]]).toEqual([
        "wamp.registration.on_create",
        callee().id,
      ]);
      expect((created.args as unknown[])[1]).toMatchObject({ id, uri: "com..meta", ...options });
      expect(await watcher.event()).toMatchObject({
        args: [callee().id, id],
        details: { topic: "wamp.registration.on_register" },
      });
      await other().register("com..meta", options);
      expect(await watcher.event()).toMatchObject({ args: [other().id, id] });

      const ask = (name: string, ...args: unknown[]) => caller().ask(`wamp.registration.${name}`, args);
      expect(await ask("list")).toMatchObject({ wildcard: expect.arrayContaining([id]) as unknown });
      expect(await ask("lookup", "com..meta", { match: "wildcard" })).toBe(id);
      expect(await ask("lookup", "com..meta")).toBeNull();
      expect(await ask("match", "com.x.meta")).toBe(id);
      expect(await ask("match", "com.nothing")).toBeNull();
      expect(await ask("get", id)).toMatchObject({ id, uri: "com..meta", ...options });
      expect(await ask("list_callees", id)).toEqual([callee().id, other().id]);
      expect(await ask("count_callees", id)).toBe(2);
      caller().call("wamp.registration.get", {}, [999_999]);
      expect(await caller().error()).toMatchObject({ uri: "wamp.error.no_such_registration" });

      callee().request(Code.UNREGISTER, id);
      await callee().next(Code.UNREGISTERED);
      other().vanish();
      const rest = [await watcher.event(), await watcher.event(), await watcher.event()];
      expect(rest.map(({ details, args }) => [details["topic"], args])).toEqual([
        ["wamp.registration.on_unregister", [callee().id, id]],
        ["wamp.registration.on_unregister", [other().id, id]],
        ["wamp.registration.on_delete", [other().id, id]],
      ]);
      watcher.vanish();
    });
  });

  // advanced/meta_api_session
  feature("dealer.session_meta_api", () => {
    const killed = async (party: Party) => {
      const [details, reason] = await party.next(Code.GOODBYE);
      return { reason, message: (details as { message?: string }).message };
    };

    it("counts, lists and shows sessions, by their roles where asked", async () => {
      const guest = await join({ role: "guest", authid: "gus" });
      expect(await caller().ask("wamp.session.count")).toBe(4);
      expect(await caller().ask("wamp.session.count", [["guest"]])).toBe(1);
      expect(await caller().ask("wamp.session.list", [["guest"]])).toEqual([guest.id]);
      expect(await caller().ask("wamp.session.get", [guest.id])).toMatchObject({ authid: "gus", authrole: "guest" });
      caller().call("wamp.session.get", {}, [1]);
      expect(await caller().error()).toMatchObject({ uri: "wamp.error.no_such_session" });
      caller().call("wamp.session.count", {}, ["guest"]);
      expect(await caller().error()).toMatchObject({ uri: "wamp.error.invalid_argument" });
      guest.vanish();
    });

    it("kills one session, with a reason, and never the caller's own", async () => {
      const admin = await join({ role: "admin" });
      await admin.ask("wamp.session.kill", [other().id], { reason: "com.banned", message: "go away" });
      expect(await killed(other())).toEqual({ reason: "com.banned", message: "go away" });
      admin.call("wamp.session.kill", {}, [admin.id]);
      expect(await admin.error()).toMatchObject({ uri: "wamp.error.no_such_session" });
      admin.call("wamp.session.kill", {}, [caller().id], { reason: "not a uri" });
      expect(await admin.error()).toMatchObject({ uri: "wamp.error.invalid_uri" });
      await admin.ask("wamp.session.kill", [caller().id]);
      expect(await killed(caller())).toEqual({ reason: "wamp.close.killed", message: undefined });
      admin.vanish();
    });

    it("kills by authid, by authrole, and all but the caller", async () => {
      const admin = await join({ role: "admin" });
      const guests = [await join({ role: "guest" }), await join({ role: "guest" })];
      expect(await admin.ask("wamp.session.kill_by_authid", ["bob"])).toEqual([callee().id]);
      await killed(callee());
      expect(await admin.ask("wamp.session.kill_by_authrole", ["guest"])).toBe(2);
      for (const guest of guests) await killed(guest);
      await admin.subscribe("wamp.session.on_leave");
      expect(await admin.ask("wamp.session.kill_all")).toBe(2);
      await killed(caller());
      await admin.hearsNothing();
      admin.vanish();
    });

    it("a rule for everything, or allow-by-default, does not let a session end another", async () => {
      for (const procedure of ["kill", "kill_by_authid", "kill_by_authrole", "kill_all"]) {
        caller().call(`wamp.session.${procedure}`, {}, [other().id]);
        expect(await caller().error()).toMatchObject({ uri: "wamp.error.not_authorized" });
      }
    });
  });

  // advanced/session_testament
  feature("dealer.testament_meta_api", () => {
    const leave = (topic: string, kwargs: Record<string, unknown> = {}, args: unknown[] = []) =>
      caller().ask("wamp.session.add_testament", [topic, args, { left: true }], kwargs);

    it.each(["vanish", "leave"] as const)("what a session left is published when it is gone (%s)", async (how) => {
      await other().subscribe("com.testament");
      await leave("com.testament", {}, ["second"]);
      await leave("com.testament", { scope: "detached" }, ["first"]);
      await leave("com.testament", { publish_options: { exclude: [other().id] } }, ["not for you"]);
      await other().hearsNothing();
      await caller()[how]();
      expect([(await other().event()).args, (await other().event()).args]).toEqual([["first"], ["second"]]);
      await other().hearsNothing();
    });

    it("flush_testaments takes those of one scope back", async () => {
      await other().subscribe("com.testament");
      await leave("com.testament", {}, ["destroyed"]);
      await leave("com.testament", { scope: "detached" }, ["detached"]);
      expect(await caller().ask("wamp.session.flush_testaments", [], { scope: "destroyed" })).toBeUndefined();
      caller().vanish();
      expect((await other().event()).args).toEqual(["detached"]);
      await other().hearsNothing();
    });

    it("what may not be published, or is no publication, is refused at once", async () => {
      const guest = await join({ role: "guest" });
      const refused = async (args: unknown[], kwargs: object = {}) => {
        guest.call("wamp.session.add_testament", {}, args, kwargs);
        return (await guest.error()).uri;
      };
      expect(await refused(["com.secret", [], {}])).toBe("wamp.error.not_authorized");
      expect(await refused(["wamp.session.on_join", [], {}])).toBe("wamp.error.invalid_uri");
      expect(await refused(["com.open.x", {}, {}])).toBe("wamp.error.invalid_argument");
      expect(await refused(["com.open.x", [], {}], { scope: "never" })).toBe("wamp.error.invalid_argument");
      expect(await refused(["com.open.x", [], {}], { publish_options: { exclude: 5 } })).toBe(
        "wamp.error.invalid_argument",
      );
      guest.vanish();
      const strict = await join({ realm: "strict" });
      strict.call("wamp.session.add_testament", {}, ["com.open.x"], { publish_options: { disclose_me: true } });
      expect(await strict.error()).toMatchObject({ uri: "wamp.error.option_disallowed.disclose_me" });
      strict.vanish();
    });
  });
}
