import { Code } from "@wampgate/core";
import type { Party } from "../support/party.ts";
import type { Suite } from "./suite.ts";

/** The broker's features, each with the section of the spec that asks for it. */
export function brokerFeatures({ join, feature }: Suite): void {
  let [publisher, subscriber, third]: Party[] = [];
  beforeEach(async () => {
    publisher = await join({ authid: "pat" });
    subscriber = await join({ authid: "sue", role: "other" });
    third = await join({ authid: "tom" });
  });
  afterEach(() => [publisher, subscriber, third].forEach((party) => party?.vanish()));
  const [pub, sub, tom] = [() => publisher as Party, () => subscriber as Party, () => third as Party];

  // advanced/pubsub_publisher_exclusion
  feature("broker.publisher_exclusion", () => {
    it("the publisher gets its own event only by exclude_me: false", async () => {
      await pub().subscribe("com.topic");
      await pub().publish("com.topic");
      await pub().publish("com.topic", { exclude_me: true });
      pub().request(Code.PUBLISH, { exclude_me: false }, "com.topic", ["mine"]);
      expect(await pub().event()).toMatchObject({ args: ["mine"] });
    });
  });

  // advanced/pubsub_subscriber_blackwhite_listing
  feature("broker.subscriber_blackwhite_listing", () => {
    it.each<[string, (sub: Party) => Record<string, unknown>, boolean]>([
      ["exclude with its session", ({ id }) => ({ exclude: [id] }), false],
      ["exclude with another", () => ({ exclude: [1] }), true],
      ["exclude_authid with its authid", () => ({ exclude_authid: ["sue"] }), false],
      ["exclude_authrole with its role", () => ({ exclude_authrole: ["other"] }), false],
      ["eligible with its session", ({ id }) => ({ eligible: [id] }), true],
      ["eligible with nobody", () => ({ eligible: [] }), false],
      ["eligible_authid with its authid", () => ({ eligible_authid: ["sue", "ann"] }), true],
      ["eligible_authid with another", () => ({ eligible_authid: ["ann"] }), false],
      ["eligible_authrole with its role", () => ({ eligible_authrole: ["other"] }), true],
      ["eligible and excluded at once", ({ id }) => ({ eligible: [id], exclude_authid: ["sue"] }), false],
      ["eligible by session, not by role", ({ id }) => ({ eligible: [id], eligible_authrole: ["user"] }), false],
    ])("%s", async (_what, options, gets) => {
      await sub().subscribe("com.topic");
      await pub().publish("com.topic", options(sub()));
      if (gets) await sub().event();
      await sub().hearsNothing();
    });

    it("exclude_me: false does not undo an exclude list", async () => {
      await pub().subscribe("com.topic");
      await pub().publish("com.topic", { exclude_me: false, exclude: [pub().id] });
      await pub().hearsNothing();
    });
  });

  // advanced/pubsub_publisher_identification
  feature("broker.publisher_identification", () => {
    it("disclose_me shows the publisher, and nothing else does", async () => {
      await sub().subscribe("com.topic");
      await pub().publish("com.topic");
      expect((await sub().event()).details).toEqual({});
      await pub().publish("com.topic", { disclose_me: true });
      const shown = { publisher: pub().id, publisher_authid: "pat", publisher_authrole: "user" };
      expect((await sub().event()).details).toEqual(shown);
    });

    it("the role's rule shows it without being asked", async () => {
      const shown = await join({ role: "shown" });
      await sub().subscribe("com.topic");
      await shown.publish("com.topic");
      expect((await sub().event()).details).toMatchObject({ publisher: shown.id });
      shown.vanish();
    });

    it("where the realm forbids it the publication is refused", async () => {
      const party = await join({ realm: "strict" });
      party.request(Code.PUBLISH, { disclose_me: true, acknowledge: true }, "com.topic");
      expect(await party.error()).toMatchObject({ uri: "wamp.error.option_disallowed.disclose_me" });
      party.vanish();
    });
  });

  // advanced/pubsub_pattern_based_subscription
  feature("broker.pattern_based_subscription", () => {
    it("each of a session's subscriptions that match gets the event, with one publication id", async () => {
      const exact = await sub().subscribe("com.a.b");
      const prefix = await sub().subscribe("com.a", { match: "prefix" });
      const wildcard = await sub().subscribe("com..b", { match: "wildcard" });
      await sub().subscribe("com..c", { match: "wildcard" });
      await pub().publish("com.a.b");
      const events = [await sub().event(), await sub().event(), await sub().event()];
      expect(new Set(events.map(({ publication }) => publication)).size).toBe(1);
      expect(events.map(({ subscription, details }) => [subscription, details])).toEqual([
        [exact, {}],
        [prefix, { topic: "com.a.b" }],
        [wildcard, { topic: "com.a.b" }],
      ]);
      await sub().hearsNothing();
    });

    it("a prefix is a string prefix, and may end in a dot", async () => {
      await sub().subscribe("com.emergency", { match: "prefix" });
      await tom().subscribe("com.emergency.", { match: "prefix" });
      await pub().publish("com.emergency-low");
      await sub().event();
      await tom().hearsNothing();
      await pub().publish("com.emergency.low");
      await tom().event();
    });

    it("one pattern under two policies is two subscriptions, and under one policy it is one", async () => {
      const [one, two] = [await sub().subscribe("com.a"), await sub().subscribe("com.a", { match: "prefix" })];
      expect(one).not.toBe(two);
      expect(await sub().subscribe("com.a")).toBe(one);
      expect(await tom().subscribe("com.a")).toBe(one);
    });
  });

  // advanced/pubsub_event_retention
  feature("broker.event_retention", () => {
    it("who subscribes with get_retained gets the last event of each topic, marked", async () => {
      const topic = "com.retained.a";
      await pub().publish(topic, { retain: true }, ["old"]);
      await pub().publish(topic, { retain: true }, ["last"]);
      await pub().publish(topic, {}, ["not kept"]);
      await pub().publish("com.retained.b", { retain: true }, ["b"]);
      await sub().subscribe(topic, { get_retained: true });
      expect(await sub().event()).toMatchObject({ details: { retained: true }, args: ["last"] });
      await tom().subscribe("com.retained.", { match: "prefix", get_retained: true });
      const events = [await tom().event(), await tom().event()];
      expect(events.map(({ args, details }) => [args, details["topic"]])).toEqual([
        [["last"], topic],
        [["b"], "com.retained.b"],
      ]);
      await tom().hearsNothing();
    });

    it("and nothing without get_retained", async () => {
      await pub().publish("com.retained.c", { retain: true });
      await sub().subscribe("com.retained.c");
      await sub().hearsNothing();
    });

    it("an event for some is kept beside the one for all, and given to those alone", async () => {
      const topic = "com.retained.d";
      await pub().publish(topic, { retain: true }, ["for all"]);
      await pub().publish(topic, { retain: true, eligible_authid: ["sue"] }, ["for sue"]);
      await sub().subscribe(topic, { get_retained: true });
      await tom().subscribe(topic, { get_retained: true });
      expect(await sub().event()).toMatchObject({ args: ["for sue"] });
      expect(await tom().event()).toMatchObject({ args: ["for all"] });
    });
  });

  // advanced/pubsub_event_history
  feature("broker.event_history", () => {
    const ask = async (party: Party, uri: string, kwargs: Record<string, unknown> = {}, match = "exact") => {
      const id = await party.ask("wamp.subscription.lookup", [uri, { match }]);
      return (await party.ask("wamp.subscription.get_events", [id], kwargs)) as Record<string, unknown>[];
    };

    it("the last events are kept up to the limit, whether anyone listens or not", async () => {
      const published: number[] = [];
      for (const n of [1, 2, 3, 4]) published.push(await pub().publish("com.history.one", {}, [n], { n }));
      const events = await ask(sub(), "com.history.one");
      expect(events.map(({ args, kwargs, publication }) => [args, kwargs, publication])).toEqual(
        [2, 3, 4].map((n) => [[n], { n }, published[n - 1]]),
      );
      expect(events[0]).toMatchObject({ details: { topic: "com.history.one" } });
      expect(Date.parse(String(events[0]?.["timestamp"]))).toBeGreaterThan(Date.now() - 60_000);
    });

    it("filters choose among them", async () => {
      const ids: number[] = [];
      for (const n of [1, 2, 3, 4]) ids.push(await pub().publish(`com.history.some.t${n % 2}`, {}, [n]));
      const numbers = async (kwargs: Record<string, unknown>) =>
        (await ask(sub(), "com.history.some.", kwargs, "prefix")).map(({ args }) => (args as number[])[0]);
      expect(await numbers({})).toEqual([1, 2, 3, 4]);
      expect(await numbers({ reverse: true, limit: 3 })).toEqual([4, 3, 2]);
      expect(await numbers({ topic: "com.history.some.t0" })).toEqual([2, 4]);
      expect(await numbers({ after_publication: ids[0], until_publication: ids[2] })).toEqual([2, 3]);
      expect(await numbers({ from_publication: ids[1], before_publication: ids[3] })).toEqual([2, 3]);
      expect(await numbers({ after_time: new Date(Date.now() + 60_000).toISOString() })).toEqual([]);
      expect(await numbers({ from_time: "2020-01-01T00:00:00Z" })).toEqual([1, 2, 3, 4]);
      for (const kwargs of [{ limit: "x" }, { from_time: "soon" }, { after_publication: 1 }, { reverse: 1 }]) {
        const id = await sub().ask("wamp.subscription.lookup", ["com.history.some.", { match: "prefix" }]);
        sub().call("wamp.subscription.get_events", {}, [id], kwargs);
        expect(await sub().error()).toMatchObject({ uri: "wamp.error.invalid_argument" });
      }
    });

    it("an event for some is shown to those alone, and one for sessions to nobody", async () => {
      await pub().publish("com.history.one", { eligible_authid: ["sue"] }, ["for sue"]);
      await pub().publish("com.history.one", { eligible: [sub().id] }, ["for a session"]);
      const last = async (party: Party) =>
        (await ask(party, "com.history.one", { reverse: true, limit: 1 }))[0]?.["args"];
      expect(await last(sub())).toEqual(["for sue"]);
      expect(await last(tom())).not.toEqual(["for sue"]);
    });

    it("who may not subscribe may not read what was published", async () => {
      const guest = await join({ role: "guest" });
      const id = await guest.ask("wamp.subscription.lookup", ["com.history.one"]);
      guest.call("wamp.subscription.get_events", {}, [id]);
      expect(await guest.error()).toMatchObject({ uri: "wamp.error.not_authorized" });
      guest.vanish();
    });
  });

  // advanced/pubsub_publication_trustlevels
  feature("broker.publication_trustlevels", () => {
    it("events of a role with a trust level carry it", async () => {
      const senior = await join({ role: "senior" });
      await sub().subscribe("com.topic");
      await senior.publish("com.topic");
      expect((await sub().event()).details).toEqual({ trustlevel: 7 });
      senior.vanish();
    });
  });

  // advanced/pubsub_subscription_revocation
  feature("broker.subscription_revocation", () => {
    it("who announced it is told that its subscription was taken, and why", async () => {
      const admin = await join({ role: "admin" });
      const id = await sub().subscribe("com.topic");
      await admin.ask("wamp.subscription.remove_subscriber", [id, sub().id], { reason: "com.no_longer" });
      expect(await sub().next(Code.UNSUBSCRIBED)).toEqual([0, { subscription: id, reason: "com.no_longer" }]);
      await pub().publish("com.topic");
      await sub().hearsNothing();
      sub().request(Code.UNSUBSCRIBE, id);
      expect(await sub().error()).toMatchObject({ uri: "wamp.error.no_such_subscription" });
      admin.vanish();
    });

    it("who did not announce it just hears no more", async () => {
      const admin = await join({ role: "admin" });
      const plain = await join({ features: { subscriber: [] } });
      const id = await plain.subscribe("com.topic");
      await admin.ask("wamp.subscription.remove_subscriber", [id, plain.id]);
      await plain.hearsNothing();
      [admin, plain].forEach((party) => party.vanish());
    });
  });

  // advanced/payload_passthru_mode
  feature("broker.payload_passthru_mode", () => {
    it("an event whose payload is encrypted by enc_algo, as of older clients, gets an ERROR, and no subscriber", async () => {
      await sub().subscribe("com.topic");
      const options = { acknowledge: true, enc_algo: "cryptobox", enc_serializer: "json" };
      const request = pub().request(Code.PUBLISH, options, "com.topic", "c2VjcmV0");
      expect(await pub().error()).toMatchObject({ request, uri: "wamp.error.feature_not_supported" });
      await sub().hearsNothing();
    });

    const ppt = { ppt_scheme: "x_custom", ppt_serializer: "cbor", ppt_cipher: "xsalsa20poly1305", ppt_keyid: "key1" };

    it("the attributes of a publication arrive with its event", async () => {
      await sub().subscribe("com.topic");
      await pub().publish("com.topic", ppt, ["\0AQID"]);
      expect(await sub().event()).toMatchObject({ details: ppt, args: ["\0AQID"] });
    });

    it("are a protocol violation of who did not announce it", async () => {
      const plain = await join({ features: { publisher: [] } });
      plain.request(Code.PUBLISH, ppt, "com.topic", ["\0AQID"]);
      expect(await plain.client.aborted()).toMatchObject({ reason: "wamp.error.protocol_violation" });
    });
  });

  // advanced/meta_api_subscription
  feature("broker.subscription_meta_api", () => {
    it("tells of a subscription's life, and answers questions about it", async () => {
      const watcher = tom();
      await watcher.subscribe("wamp.subscription.", { match: "prefix" });
      const id = await sub().subscribe("com.meta", { match: "prefix" });
      const created = await watcher.event();
      expect([created.details["topic"], (created.args as unknown[])[0]]).toEqual([
        "wamp.subscription.on_create",
        sub().id,
      ]);
      expect((created.args as unknown[])[1]).toMatchObject({ id, match: "prefix", uri: "com.meta" });
      expect(await watcher.event()).toMatchObject({
        args: [sub().id, id],
        details: { topic: "wamp.subscription.on_subscribe" },
      });
      await pub().subscribe("com.meta", { match: "prefix" });
      expect(await watcher.event()).toMatchObject({
        args: [pub().id, id],
        details: { topic: "wamp.subscription.on_subscribe" },
      });

      const ask = (name: string, ...args: unknown[]) => pub().ask(`wamp.subscription.${name}`, args);
      expect(await ask("list")).toMatchObject({ prefix: expect.arrayContaining([id]) as unknown });
      expect(await ask("lookup", "com.meta", { match: "prefix" })).toBe(id);
      expect(await ask("lookup", "com.meta")).toBeNull();
      expect(await ask("match", "com.meta.x")).toEqual([id]);
      expect(await ask("match", "org.nothing")).toBeNull();
      expect(await ask("get", id)).toMatchObject({ id, uri: "com.meta", match: "prefix" });
      // No order is promised: with several nodes each one lists its own.
      expect(new Set((await ask("list_subscribers", id)) as number[])).toEqual(new Set([sub().id, pub().id]));
      expect(await ask("count_subscribers", id)).toBe(2);
      pub().call("wamp.subscription.get", {}, [999_999]);
      expect(await pub().error()).toMatchObject({ uri: "wamp.error.no_such_subscription" });
      pub().call("wamp.subscription.get", {}, ["x"]);
      expect(await pub().error()).toMatchObject({ uri: "wamp.error.invalid_argument" });

      sub().request(Code.UNSUBSCRIBE, id);
      await sub().next(Code.UNSUBSCRIBED);
      pub().vanish();
      const rest = [await watcher.event(), await watcher.event(), await watcher.event()];
      expect(rest.map(({ details, args }) => [details["topic"], args])).toEqual([
        ["wamp.subscription.on_unsubscribe", [sub().id, id]],
        ["wamp.subscription.on_unsubscribe", [pub().id, id]],
        ["wamp.subscription.on_delete", [pub().id, id]],
      ]);
    });
  });

  // advanced/meta_api_session
  feature("broker.session_meta_api", () => {
    it("tells who joined and who left", async () => {
      await sub().subscribe("wamp.session.on_join");
      await sub().subscribe("wamp.session.on_leave");
      const guest = await join({ authid: "gus", role: "guest" });
      const joined = await sub().event();
      expect(joined.args).toEqual([
        {
          session: guest.id,
          authid: "gus",
          authrole: "guest",
          authmethod: "test",
          authprovider: "test",
          transport: { type: "memory", protocol: "wamp.2.json", peer: expect.any(String) as string },
        },
      ]);
      await guest.leave();
      expect(await sub().event()).toMatchObject({ args: [guest.id, "gus", "guest"] });
    });
  });
}
