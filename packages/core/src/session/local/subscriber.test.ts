import { setImmediate } from "node:timers/promises";
import { CapturedLog } from "@wampgate/plugin-testkit";
import { payloadOf } from "../../wamp/payload.ts";
import type { Handler } from "../../contract/local-session.ts";
import { type Listener, LocalSubscriber } from "./subscriber.ts";

const TOPIC = "com.example.topic";

function subscriber() {
  const log = new CapturedLog();
  const subscribed = new LocalSubscriber(log);
  const event = (...args: unknown[]): void =>
    subscribed.event({ type: "EVENT", subscription: 1, publication: 2, details: {}, payload: payloadOf({ args }) });
  return { log, subscribed, event };
}

const listener = (handler: Handler): Listener => ({ handler, letGo: () => undefined });

it("listeners of one topic share a subscription, which ends with the last of them", () => {
  const { subscribed, event } = subscriber();
  const got: string[] = [];
  const [one, other] = [listener(() => void got.push("one")), listener(() => void got.push("other"))];
  subscribed.add(1, TOPIC, one);
  subscribed.add(1, TOPIC, other);
  expect(subscribed.remove(1, one)).toBe(false);
  event();
  expect(got).toEqual(["other"]);
  expect(subscribed.remove(1, other)).toBe(true);
  expect(subscribed.remove(1, other)).toBe(false);
});

it("each handler gets a copy of the event, with its topic and publication, whatever the others do to theirs", () => {
  const { subscribed, event } = subscriber();
  const got: unknown[] = [];
  subscribed.add(
    1,
    TOPIC,
    listener(([list]) => void (list as number[]).push(2)),
  );
  subscribed.add(
    1,
    TOPIC,
    listener((args, kwargs, details) => void got.push(args, kwargs, details)),
  );
  event([1]);
  expect(got).toEqual([[[1]], {}, { topic: TOPIC, publication: 2 }]);
});

it("a handler that fails keeps the event from no other, and stands in the log", async () => {
  const { log, subscribed, event } = subscriber();
  const got: unknown[] = [];
  subscribed.add(
    1,
    TOPIC,
    listener(() => {
      throw new Error("no disk");
    }),
  );
  subscribed.add(
    1,
    TOPIC,
    listener(() => Promise.reject(new Error("no net"))),
  );
  subscribed.add(
    1,
    TOPIC,
    listener(([value]) => void got.push(value)),
  );
  event(7);
  await setImmediate(); // all that is settled has been told
  expect(got).toEqual([7]);
  expect(log.lines.map(({ message, fields }) => [message, (fields["err"] as Error).message])).toEqual([
    ["an event handler failed", "no disk"],
    ["an event handler failed", "no net"],
  ]);
});

it("an event of a subscription that the router has ended reaches no handler, and its listeners let go of their signals", () => {
  const { subscribed, event } = subscriber();
  const got: unknown[] = [];
  subscribed.add(1, TOPIC, { handler: () => void got.push(1), letGo: () => void got.push("let go") });
  subscribed.drop(1);
  event();
  expect(got).toEqual(["let go"]);
});
