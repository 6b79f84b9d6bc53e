import { EventEmitter } from "node:events";
import { definePlugin, type LimitHit, type Plugin } from "@wampgate/core";
import { hangUp } from "./raw-client.ts";
import { OFFICIAL, type RunningRouter, startRouter } from "./router.ts";

/** A router that the tests of limits look at. `told` has an event for each limit that is hit, by its key, and `left`. */
export interface LimitedRouter extends RunningRouter {
  readonly hits: LimitHit[];
  readonly told: EventEmitter;
  /** How often a limit was hit. */
  count(limit: string): number | undefined;
}

export const ANONYMOUS = { anonymous: { type: "static", role: "user" } };

/** The config's entry of a transport on a free port. */
export function transport(options: object, type = "websocket"): object {
  return { type, endpoint: { type: "tcp", host: "127.0.0.1", port: 0 }, auth: ANONYMOUS, ...options };
}

interface Asked {
  readonly options?: object;
  readonly plugins?: readonly Plugin[];
  readonly roles?: readonly object[];
  readonly top?: object;
}

/**
 * Starts a router with one realm, `realm1`, whose role `user` may do everything.
 * @param options options.roles: others beside it; options.top: more keys of the config
 */
export async function startLimited(
  transports: readonly object[],
  { options = {}, plugins = [], roles = [], top = {} }: Asked = {},
): Promise<LimitedRouter> {
  const hits: LimitHit[] = [];
  const told = new EventEmitter();
  const watcher = definePlugin({
    name: "watcher",
    core: "*",
    apply({ hooks }) {
      hooks.limitHit.tap("watcher", (hit) => {
        hits.push(hit);
        told.emit(hit.limit);
      });
      hooks.left.tap("watcher", () => told.emit("left"));
    },
  });
  const running = await startRouter({
    plugins: [...OFFICIAL, watcher, ...plugins],
    realms: [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }, ...roles], options }],
    transports,
    ...top,
  });
  const close = (): Promise<void> => {
    hangUp();
    return running.close();
  };
  return { ...running, hits, told, close, count: (limit) => running.router.stats.limits.get(limit) };
}

/** HELLO of a client that logs in as nobody in particular. */
export const HELLO = [1, "realm1", { roles: { subscriber: {}, publisher: {} }, authmethods: ["anonymous"] }] as const;
