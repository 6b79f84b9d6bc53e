import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { PassThrough } from "node:stream";
import { jest } from "@jest/globals";
import { CapturedLog } from "@wampgate/plugin-testkit";
import type { UpgradeRequest } from "../../contract/upgrade.ts";
import { createRouterHooks } from "../../hooks/router-hooks.ts";
import { AskedUpgrades, type UpgradeAdditions } from "./asked-upgrades.ts";

const log = new CapturedLog();
const hooks = createRouterHooks({ frozen: false }, log);

interface Asked {
  readonly socket: PassThrough;
  readonly taken: UpgradeAdditions[];
  /** How many requests count as pending logins. */
  readonly pending: () => number;
}

function ask(asked: AskedUpgrades): Asked {
  let pending = 0;
  const entry = {
    ask: () => Promise.resolve(),
    reserve: () => {
      pending++;
      return () => {
        pending--;
      };
    },
  };
  const socket = new PassThrough();
  const request = { url: "/ws", headers: {}, socket } as unknown as IncomingMessage;
  const taken: UpgradeAdditions[] = [];
  asked.ask({ request, socket, peer: "tcp4:192.0.2.1:17185", entry }, (additions) => taken.push(additions));
  return { socket, taken, pending: () => pending };
}

afterEach(() => void jest.useRealTimers());

it("where no plugin listens, a request is taken at once, and nothing is kept", () => {
  const { taken, pending } = ask(new AskedUpgrades({ hooks, log }));
  expect(taken).toEqual([{ headers: [], facts: {}, received: null, trackingId: null }]);
  expect(pending()).toBe(0);
});

describe("with a plugin that does not answer", () => {
  let requests: UpgradeRequest[];
  const slow = createRouterHooks({ frozen: false }, log);
  slow.upgrade.tapPromise("slow", (request) => {
    requests.push(request);
    return new Promise<undefined>(() => undefined);
  });
  beforeEach(() => void (requests = []));

  it("the client gets 503 after five seconds, and the log names the plugin", async () => {
    jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate", "queueMicrotask"] });
    const { socket, taken, pending } = ask(new AskedUpgrades({ hooks: slow, log }));
    jest.advanceTimersByTime(4999);
    expect([pending(), requests[0]?.signal.aborted]).toEqual([1, false]);
    jest.advanceTimersByTime(1);
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(answer.toString()).toMatch(
      /^HTTP\/1\.1 503 .*\r\nConnection: close\r\n[^]*\r\n\r\nThe router has not decided in time\.\n$/,
    );
    expect([taken, pending(), requests[0]?.signal.aborted]).toEqual([[], 0, true]);
    expect(log.lines.at(-1)).toMatchObject({ level: "error", fields: { plugin: "slow" } });
  });

  it("a client that has left is forgotten at once, and its socket has no listeners of this any more", async () => {
    const { socket, taken, pending } = ask(new AskedUpgrades({ hooks: slow, log }));
    const listeners = ["end", "close"].map((name) => socket.listenerCount(name));
    socket.destroy();
    await once(requests[0]?.signal as unknown as EventTarget as never, "abort");
    await Promise.resolve();
    expect([taken, pending()]).toEqual([[], 0]);
    expect(["end", "close"].map((name, i) => (listeners[i] ?? 0) - socket.listenerCount(name))).toEqual([1, 1]);
  });

  it("an entry that is closed refuses those that wait, and all to come", async () => {
    const asked = new AskedUpgrades({ hooks: slow, log });
    const first = ask(asked);
    asked.close();
    const second = ask(asked);
    for (const { socket, pending } of [first, second]) {
      const [answer] = (await once(socket, "data")) as [Buffer];
      expect(answer.toString()).toMatch(/^HTTP\/1\.1 503 /);
      expect(pending()).toBe(0);
    }
    expect(requests.map(({ signal }) => signal.aborted)).toEqual([true]);
  });
});
