import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import {
  type Authenticator,
  AuthorizationError,
  connect,
  type ConnectionOptions,
  credsAuthenticator,
  type NatsConnection,
  nkeyAuthenticator,
  type TlsOptions,
} from "@nats-io/transport-node";
import { BlockError, type NodeName } from "@wampgate/core";
import type { NatsOptions } from "../options.ts";

/** How long to wait before NATS is tried again, in milliseconds. */
const RETRY = 200;

/** How long one attempt to reach a server may take, in milliseconds. */
const ATTEMPT_TIME = 2000;

/** How many of its own pings NATS may leave without an answer until the connection counts as broken. */
const PINGS = 2;

export interface ConnectContext {
  readonly node: NodeName;
  /** The folder to which paths of files are relative. */
  readonly folder: string;
  /** Where NATS answers requests. */
  readonly inbox: string;
  /** How soon a connection that has broken must be found out, in milliseconds. */
  readonly patience: number;
  readonly signal: AbortSignal;
}

/**
 * Connects to NATS.
 * @throws BlockError a sentence that says why that cannot be, and its key in `cluster`
 */
export async function connectTo(options: NatsOptions, context: ConnectContext): Promise<NatsConnection> {
  const { servers, "connect-timeout": timeout } = options;
  const settings = await settingsOf(options, context);
  for (const end = performance.now() + timeout; ;) {
    context.signal.throwIfAborted();
    try {
      return await connect(settings);
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal !== null)
        throw new BlockError(refusal.path, `NATS at ${servers.join(", ")} ${refusal.sentence}`, { cause: error });
      if (performance.now() >= end)
        throw new BlockError(
          ["servers"],
          `NATS at ${servers.join(", ")} cannot be reached, tried for ${timeout} ms: start nats-server -js there, or correct servers in cluster`,
          { cause: error },
        );
      await wait(RETRY, undefined, { signal: context.signal });
    }
  }
}

/** Why NATS does not want this node, however often it is tried; null: it may later. */
function refusalOf(error: unknown): { readonly path: readonly string[]; readonly sentence: string } | null {
  const { message = "", code } = (error ?? {}) as { message?: string; code?: string };
  if (error instanceof AuthorizationError || /authorization|authentication/i.test(message))
    return {
      path: [],
      sentence: "refuses the login: correct user and password, token, credentials or nkey in cluster",
    };
  if (/secure|TLS|certificate|self.signed/i.test(`${message} ${code ?? ""}`))
    return {
      path: ["tls"],
      sentence: `does not agree on TLS (${message}): correct tls in cluster, or that of the server`,
    };
  return null;
}

async function settingsOf(options: NatsOptions, context: ConnectContext): Promise<ConnectionOptions> {
  const { servers, user, password, token } = options;
  const { node, folder, inbox, patience } = context;
  const [authenticator, tls] = [await authenticatorOf(options, folder), await tlsOf(options, folder)];
  return {
    servers: servers.map((server) => server.replace(/^\w+:\/\//, "")),
    name: `wampgate ${node}`,
    noEcho: true,
    inboxPrefix: inbox,
    timeout: ATTEMPT_TIME,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RETRY,
    reconnectJitter: RETRY / 2,
    reconnectJitterTLS: RETRY / 2,
    ignoreAuthErrorAbort: true,
    pingInterval: Math.max(100, Math.floor(patience / (PINGS + 2))),
    maxPingOut: PINGS,
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { pass: password }),
    ...(token === undefined ? {} : { token }),
    ...(authenticator === null ? {} : { authenticator }),
    ...(tls === null ? {} : { tls }),
  };
}

async function authenticatorOf({ credentials, nkey }: NatsOptions, folder: string): Promise<Authenticator | null> {
  if (credentials !== undefined) return credsAuthenticator(await read(["credentials"], folder, credentials));
  if (nkey === undefined) return null;
  const seed = (await read(["nkey"], folder, nkey)).toString().trim();
  if (!/^SU[A-Z2-7]{56}$/.test(seed))
    throw new BlockError(
      ["nkey"],
      `nkey in cluster is the file ${nkey}, and that has no seed of a user, which begins with SU`,
    );
  return nkeyAuthenticator(Buffer.from(seed));
}

async function tlsOf({ servers, tls }: NatsOptions, folder: string): Promise<TlsOptions | null> {
  if (tls === undefined) return servers.some((server) => server.startsWith("tls://")) ? {} : null;
  const { ca, certificate, key } = tls;
  return {
    ...(ca === undefined ? {} : { ca: (await read(["tls", "ca"], folder, ca)).toString() }),
    ...(certificate === undefined
      ? {}
      : { cert: (await read(["tls", "certificate"], folder, certificate)).toString() }),
    ...(key === undefined ? {} : { key: (await read(["tls", "key"], folder, key)).toString() }),
  };
}

async function read(key: readonly string[], folder: string, file: string): Promise<Buffer> {
  const path = resolve(folder, file);
  try {
    return await readFile(path);
  } catch (error) {
    throw new BlockError(key, `the file ${path} cannot be read, which is ${key.join(".")} in cluster`, {
      cause: error,
    });
  }
}
