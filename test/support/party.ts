import { acceptAs, Code, definePlugin, type Plugin, type Reloaded, type WampgateConfig } from "@wampgate/core";
import { type FakeClient, startTestRouter, type TestRouter, type WireMessage } from "@wampgate/plugin-testkit";
import type { Barrier } from "./barrier.ts";

type Options = Record<string, unknown>;

/** What the parties of the feature tests announce, if not told otherwise. */
const FEATURES = {
  publisher: ["payload_passthru_mode"],
  subscriber: ["subscription_revocation", "payload_passthru_mode"],
  caller: ["progressive_call_results", "progressive_call_invocations", "call_canceling", "payload_passthru_mode"],
  callee: [
    "progressive_call_results",
    "progressive_call_invocations",
    "call_canceling",
    "call_timeout",
    "registration_revocation",
    "payload_passthru_mode",
  ],
};

export interface PartyOptions {
  readonly realm?: string;
  readonly authid?: string;
  readonly role?: string;
  /** By role; default: all that the router has a counterpart for. */
  readonly features?: Partial<Record<keyof typeof FEATURES, readonly string[]>>;
}

/** A session in a feature test: it speaks message by message, and counts its requests. */
export class Party {
  readonly id: number;
  readonly welcome: Record<string, unknown>;
  readonly client: FakeClient;
  readonly #barrier: Barrier | null;
  #request = 0;

  /** @param barrier of the nodes of its router: they settle before each step that waits for a message ends */
  constructor(
    client: FakeClient,
    welcome: Record<string, unknown> & { session: number },
    barrier: Barrier | null = null,
  ) {
    this.client = client;
    this.welcome = welcome;
    this.id = welcome.session;
    this.#barrier = barrier;
  }

  /** Sends a request: the code, then its fields after the request id. @returns the id */
  request(code: number, ...fields: unknown[]): number {
    this.client.send(code, ++this.#request, ...fields);
    return this.#request;
  }

  send(...message: WireMessage): void {
    this.client.send(...message);
  }

  /** The next message, which must have this code; without the code. */
  async next(code: number): Promise<unknown[]> {
    const message = await this.client.expect(code);
    await this.#barrier?.settled();
    return message.slice(1);
  }

  async subscribe(topic: string, options: Options = {}): Promise<number> {
    const request = this.request(Code.SUBSCRIBE, options, topic);
    const [answered, id] = await this.next(Code.SUBSCRIBED);
    expect(answered).toBe(request);
    return id as number;
  }

  async register(procedure: string, options: Options = {}): Promise<number> {
    const request = this.request(Code.REGISTER, options, procedure);
    const [answered, id] = await this.next(Code.REGISTERED);
    expect(answered).toBe(request);
    return id as number;
  }

  /** Publishes with acknowledgement. @returns the publication */
  async publish(topic: string, options: Options = {}, ...payload: unknown[]): Promise<number> {
    const request = this.request(Code.PUBLISH, { acknowledge: true, ...options }, topic, ...payload);
    const [answered, id] = await this.next(Code.PUBLISHED);
    expect(answered).toBe(request);
    return id as number;
  }

  /** The next event: its subscription, details and args. */
  async event(): Promise<{ subscription: number; publication: number; details: Options; args: unknown }> {
    const [subscription, publication, details, args] = await this.next(Code.EVENT);
    return {
      subscription: subscription as number,
      publication: publication as number,
      details: details as Options,
      args,
    };
  }

  call(procedure: string, options: Options = {}, ...payload: unknown[]): number {
    return this.request(Code.CALL, options, procedure, ...payload);
  }

  /** The next invocation. */
  async invocation(): Promise<{ id: number; registration: number; details: Options; args: unknown }> {
    const [id, registration, details, args] = await this.next(Code.INVOCATION);
    return { id: id as number, registration: registration as number, details: details as Options, args };
  }

  yield(invocation: number, options: Options = {}, ...payload: unknown[]): void {
    this.send(Code.YIELD, invocation, options, ...payload);
  }

  /** Calls, and gives the one value of the result. */
  async ask(procedure: string, args: unknown[] = [], kwargs: Options = {}): Promise<unknown> {
    const request = this.call(procedure, {}, args, kwargs);
    const [answered, , values] = await this.next(Code.RESULT);
    expect(answered).toBe(request);
    return (values as unknown[] | undefined)?.[0];
  }

  /** The next ERROR: its request and URI. */
  async error(): Promise<{ request: number; uri: string; message: unknown }> {
    const [, request, , uri, args] = await this.next(Code.ERROR);
    return { request: request as number, uri: uri as string, message: (args as unknown[] | undefined)?.[0] };
  }

  /** That nothing has come, up to the moment when the router answers this. */
  async hearsNothing(): Promise<void> {
    await this.#barrier?.settled();
    const request = this.call("wamp.session.count");
    expect((await this.client.next()).slice(0, 2)).toEqual([Code.RESULT, request]);
  }

  async leave(): Promise<void> {
    this.send(Code.GOODBYE, {}, "wamp.close.close_realm");
    await this.next(Code.GOODBYE);
    await this.client.closed;
    await this.#barrier?.settled();
  }

  /** Hangs up without a word. */
  vanish(): void {
    this.client.close();
  }
}

/** Lets everyone in as they wish: the feature tests are about what comes after the login. */
const everyone = definePlugin({
  name: "everyone",
  core: "*",
  apply(api) {
    api.hooks.hello.tap("everyone", ({ realm, authid, authextra }) =>
      acceptAs(
        { realm, authid: authid ?? "nobody", role: String(authextra?.["role"]) },
        { authmethod: typeof authextra?.["method"] === "string" ? authextra["method"] : "test", provider: "test" },
      ),
    );
  },
});

/** Where routers of one process meet. */
export interface NodeNetwork {
  readonly plugin: Plugin;
  entry(node: string): unknown;
}

/** A router in memory, sessions of it by the way they like, and other realms for it. */
export interface Parties extends TestRouter {
  readonly join: (options?: PartyOptions) => Promise<Party>;
  readonly reload: (realms: unknown) => Promise<Reloaded>;
}

/**
 * A router in memory with these realms.
 * @param node links it to other routers. With a barrier all of them settle between the steps of its parties
 */
export async function startParties(
  realms: unknown,
  components?: unknown,
  node?: { readonly network: NodeNetwork; readonly name: string; readonly barrier?: Barrier },
): Promise<Parties> {
  const barrier = node?.barrier ?? null;
  const { default: anonymous } = await import("@wampgate/auth-anonymous");
  const plugins = [
    everyone,
    anonymous,
    ...(node === undefined ? [] : [node.network.plugin]),
    ...(node === undefined || barrier === null ? [] : [barrier.plugin(node.name)]),
  ];
  const auth = { anonymous: { type: "static" } };
  const cluster = node?.network.entry(node.name);
  const router = await startTestRouter({ plugins, realms, components, auth, cluster });
  const reload = (others: unknown): Promise<Reloaded> => {
    const config = { plugins, realms: others, transports: [{ type: "memory", auth }] };
    return router.router.reload(config as unknown as WampgateConfig);
  };
  const join = async ({ realm, authid = "joe", role = "user", features = {} }: PartyOptions = {}): Promise<Party> => {
    const client = router.connect();
    const roles = Object.fromEntries(
      Object.entries({ ...FEATURES, ...features }).map(([name, list]) => [
        name,
        { features: Object.fromEntries(list.map((feature) => [feature, true])) },
      ]),
    );
    client.hello({ ...(realm === undefined ? {} : { realm }), authid, authextra: { role }, roles });
    const welcome = await client.welcomed();
    await barrier?.settled();
    return new Party(client, welcome, barrier);
  };
  return { ...router, join, reload };
}
