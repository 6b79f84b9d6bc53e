import { createRouter, type Plugin, type Router, type RouterOptions, type WampgateConfig } from "@wampgate/core";
import anonymous from "@wampgate/auth-anonymous";
import cryptosign from "@wampgate/auth-cryptosign";
import dynamic from "@wampgate/auth-dynamic";
import scram from "@wampgate/auth-scram";
import functions from "@wampgate/auth-function";
import http from "@wampgate/auth-http";
import jwt from "@wampgate/auth-jwt";
import sql from "@wampgate/auth-sql";
import ticket from "@wampgate/auth-ticket";
import cookie from "@wampgate/auth-cookie";
import tls from "@wampgate/auth-tls";
import totp from "@wampgate/auth-totp";
import wampcra from "@wampgate/auth-wampcra";
import { CapturedLog } from "@wampgate/plugin-testkit";

/** The plugins that the project publishes. */
export const OFFICIAL: Plugin[] = [
  anonymous,
  ticket,
  wampcra,
  cryptosign,
  scram,
  dynamic,
  functions,
  jwt,
  http,
  sql,
  totp,
  tls,
  cookie,
];

/** A router that listens on a free port of 127.0.0.1. */
export interface RunningRouter {
  readonly router: Router;
  readonly log: CapturedLog;
  /** Of its first transport: `ws://127.0.0.1:45123/ws`. */
  readonly url: string;
  close(): Promise<void>;
}

/** A config; what is left out is one WebSocket transport with `auth`, and all official plugins. */
export function wholeOf({ auth, ...rest }: Record<string, unknown> & { auth?: unknown }): Record<string, unknown> {
  const transports = [{ type: "websocket", endpoint: { type: "tcp", host: "127.0.0.1", port: 0 }, auth }];
  return { plugins: OFFICIAL, transports, ...rest };
}

/** Makes a router by `wholeOf` the config. */
export async function makeRouter(
  config: Record<string, unknown> & { auth?: unknown },
  options: Omit<RouterOptions, "log"> = {},
): Promise<{ router: Router; log: CapturedLog }> {
  const log = new CapturedLog();
  return { router: await createRouter(wholeOf(config) as unknown as WampgateConfig, { ...options, log }), log };
}

/** Starts what `makeRouter` made. */
export async function startRouter(...args: Parameters<typeof makeRouter>): Promise<RunningRouter> {
  const { router, log } = await makeRouter(...args);
  await router.start();
  return { router, log, url: router.endpoints[0]?.url ?? "", close: () => router.close() };
}
