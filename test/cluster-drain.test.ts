import { MemoryCarriers } from "@wampgate/cluster";
import { Code } from "@wampgate/core";
import { startTestRouter, type TestRouter, type WireMessage } from "@wampgate/plugin-testkit";

// An orderly end of one node of several, while clients call all the time: what can end ends, and nothing hangs.

const { default: anonymous } = await import("@wampgate/auth-anonymous");

const SOLE = "com.example.sole";
const SHARED = "com.example.shared";

class Cluster {
  readonly network = new MemoryCarriers();
  readonly nodes = new Map<string, TestRouter>();
  readonly #clients: Client[] = [];

  async start(node: string): Promise<void> {
    const router = await startTestRouter({
      plugins: [anonymous, this.network.plugin],
      auth: { anonymous: { type: "static", role: "user" } },
      cluster: this.network.entry(node),
    });
    this.nodes.set(node, router);
  }

  /** SIGTERM. */
  async end(node: string): Promise<void> {
    const { router } = this.nodes.get(node) as TestRouter;
    this.nodes.delete(node);
    await router.drain();
    await router.close();
  }

  async client(node: string, options: Options = {}): Promise<Client> {
    const client = new Client(this, options);
    this.#clients.push(client);
    await client.join(node);
    return client;
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.stop();
    for (const node of this.nodes.values()) await node.close();
  }
}

interface Options {
  /** What it registers wherever it is, and by which policy. */
  readonly offers?: Readonly<Record<string, string>>;
  /** What it calls all the time, this many at once. */
  readonly calls?: { readonly procedures: readonly string[]; readonly atOnce: number };
  /** Where it goes on GOODBYE; default: nowhere. */
  readonly moves?: () => string;
  /** Called with each invocation; default: it is answered at once. */
  readonly answers?: (client: Client, invocation: unknown, procedure: unknown) => void;
}

/** A client that calls, answers and moves, and keeps what became of its calls. */
class Client {
  readonly ends = new Map<string, number>();
  /** Calls that were not answered when their session ended. */
  dropped = 0;
  readonly problems: unknown[] = [];
  readonly #cluster: Cluster;
  readonly #options: Options;
  readonly #pending = new Set<unknown>();
  #send: (...message: WireMessage) => void = () => undefined;
  #request = 0;
  #isCalling = true;
  #isJoined = false;
  #changed: (() => void)[] = [];
  /** The registrations of the present session that were told. */
  registered = 0;
  sessions = 0;

  constructor(cluster: Cluster, options: Options) {
    this.#cluster = cluster;
    this.#options = options;
  }

  get pending(): number {
    return this.#pending.size;
  }

  async join(node: string): Promise<void> {
    const client = (this.#cluster.nodes.get(node) as TestRouter).connect();
    client.hello({ roles: { caller: {}, callee: {}, publisher: {}, subscriber: {} } });
    await client.welcomed();
    this.#send = (...message) => client.send(...message);
    this.#isJoined = true;
    this.#request = 0;
    this.sessions++;
    const offers = Object.entries(this.#options.offers ?? {});
    for (const [procedure, invoke] of offers) client.send(Code.REGISTER, ++this.#request, { invoke }, procedure);
    this.#listen(() => client.next()).catch(() => undefined);
    if (offers.length === 0) this.#callAll();
  }

  stop(): void {
    this.#isCalling = false;
  }

  call(procedure: string): void {
    this.#pending.add(++this.#request);
    this.#send(Code.CALL, this.#request, {}, procedure, [this.#request]);
  }

  yield(invocation: unknown): void {
    this.#send(Code.YIELD, invocation, {}, [invocation]);
  }

  /** Resolves when something holds of it. */
  async until(isSo: (client: this) => boolean): Promise<void> {
    while (!isSo(this)) await new Promise<void>((resolve) => this.#changed.push(resolve));
  }

  /** Resolves when it has got as many more results. */
  async more(count: number): Promise<void> {
    const goal = (this.ends.get("result") ?? 0) + count;
    await this.until(({ ends }) => (ends.get("result") ?? 0) >= goal);
  }

  #callAll(): void {
    const { procedures, atOnce } = this.#options.calls ?? { procedures: [], atOnce: 0 };
    for (let i = 0; i < atOnce; i++) this.#callOne(procedures, i);
  }

  #callOne(procedures: readonly string[], i = this.#request): void {
    const procedure = procedures[i % procedures.length];
    if (this.#isCalling && this.#isJoined && procedure !== undefined) this.call(procedure);
  }

  async #listen(next: () => Promise<WireMessage>): Promise<void> {
    for (;;) {
      const [code, first, second, , uri] = await next();
      if (code === Code.INVOCATION) this.#invoked(first);
      else if (code === Code.REGISTERED) {
        this.registered++;
        if (this.registered === Object.keys(this.#options.offers ?? {}).length) this.#callAll();
      } else if (code === Code.RESULT) this.#ended(first, "result");
      else if (code === Code.ERROR && first === Code.CALL) this.#ended(second, String(uri));
      else if (code === Code.GOODBYE) return this.#dismissed(second);
      else if (code !== Code.INTERRUPT) this.problems.push([code, first, second, uri]);
      for (const changed of this.#changed.splice(0)) changed();
    }
  }

  #invoked(invocation: unknown): void {
    if (this.#options.answers === undefined) this.yield(invocation);
    else this.#options.answers(this, invocation, null);
  }

  #ended(request: unknown, end: string): void {
    if (!this.#pending.delete(request)) this.problems.push(["answered twice", request, end]);
    this.ends.set(end, (this.ends.get(end) ?? 0) + 1);
    setImmediate(() => this.#callOne(this.#options.calls?.procedures ?? []));
  }

  async #dismissed(reason: unknown): Promise<void> {
    this.#isJoined = false;
    if (reason !== "wamp.close.system_shutdown") this.problems.push(reason);
    this.#send(Code.GOODBYE, {}, "wamp.close.goodbye_and_out");
    this.dropped += this.#pending.size;
    this.#pending.clear();
    this.registered = 0;
    const node = this.#options.moves?.();
    if (node !== undefined) await this.join(node);
    else this.sessions = 0;
    for (const changed of this.#changed.splice(0)) changed();
  }
}

let cluster: Cluster;
beforeEach(() => (cluster = new Cluster()));
afterEach(() => cluster.close());

const CALLS = { procedures: [SOLE, SHARED], atOnce: 8 };

it("a node that ends under load cancels no call, its callee is there again on another node, and others that share take over", async () => {
  for (const node of ["a", "b", "c"]) await cluster.start(node);
  const callee = await cluster.client("b", { offers: { [SOLE]: "single", [SHARED]: "first" }, moves: () => "c" });
  await callee.until(({ registered }) => registered === 2);
  const sharing = await cluster.client("a", { offers: { [SHARED]: "first" } });
  await sharing.until(({ registered }) => registered === 1);
  const [one, other] = [await cluster.client("a", { calls: CALLS }), await cluster.client("c", { calls: CALLS })];
  const sharers = [await cluster.client("a", { calls: { procedures: [SHARED], atOnce: 4 } })];
  const onTheNode = await cluster.client("b", { calls: CALLS });
  for (const client of [one, other, onTheNode]) await client.more(50);
  await cluster.end("b");
  await callee.until(({ registered, sessions }) => sessions === 2 && registered === 2);
  for (const client of [one, other]) await client.more(50);
  expect(onTheNode.sessions).toBe(0);
  for (const client of [one, other, onTheNode, callee]) {
    expect(client.problems).toEqual([]);
    expect([...client.ends.keys()].filter((end) => !["result", "wamp.error.no_such_procedure"].includes(end))).toEqual(
      [],
    );
  }
  for (const client of sharers) expect([...client.ends.keys()]).toEqual(["result"]);
});

it("a router that stands alone ends under load without a call that is canceled, and without waiting for its time to be up", async () => {
  const router = await startTestRouter({
    plugins: [anonymous],
    auth: { anonymous: { type: "static", role: "user" } },
  });
  cluster.nodes.set("a", router);
  const callee = await cluster.client("a", { offers: { [SOLE]: "single" } });
  await callee.until(({ registered }) => registered === 1);
  const callers = [await cluster.client("a", { calls: { procedures: [SOLE], atOnce: 32 } })];
  callers.push(await cluster.client("a", { calls: { procedures: [SOLE], atOnce: 1 } }));
  for (const caller of callers) await caller.more(50);
  const start = performance.now();
  await cluster.end("a");
  expect(performance.now() - start).toBeLessThan(4000);
  for (const caller of callers) expect([...caller.ends.keys()]).toEqual(["result"]);
  expect(router.log.text()).not.toContain("still pending");
});

it("while a node ends, who answers a call may still make one for it, here or on another node that ends, too", async () => {
  for (const node of ["a", "b"]) await cluster.start(node);
  await cluster.client("a", { offers: { "com.example.far": "single" } });
  await cluster.client("b", { offers: { "com.example.near": "single" } });
  let invocation: unknown;
  const middle = await cluster.client("b", {
    offers: { [SOLE]: "single" },
    answers: (_client, id) => (invocation = id),
  });
  await middle.until(({ registered }) => registered === 1);
  const caller = await cluster.client("a");
  caller.call(SOLE);
  while (invocation === undefined) await cluster.network.quiet();
  const ended = [cluster.end("b"), cluster.end("a")];
  await cluster.network.quiet();
  middle.call("com.example.near");
  middle.call("com.example.far");
  await middle.more(2);
  middle.yield(invocation);
  await Promise.all(ended);
  expect([...caller.ends.keys()]).toEqual(["result"]);
});

it("who registers what a node that ends still holds waits until it gives it back, and no longer than two seconds", async () => {
  for (const node of ["a", "b"]) await cluster.start(node);
  let invocation: unknown;
  const holder = await cluster.client("b", {
    offers: { [SOLE]: "single" },
    answers: (_client, id) => (invocation = id),
  });
  await holder.until(({ registered }) => registered === 1);
  const caller = await cluster.client("a");
  caller.call(SOLE);
  while (invocation === undefined) await cluster.network.quiet();
  const ended = cluster.end("b");
  await cluster.network.quiet();
  const late = (cluster.nodes.get("a") as TestRouter).connect();
  late.hello({ roles: { callee: {} } });
  await late.welcomed();
  late.send(Code.REGISTER, 1, {}, SOLE);
  expect((await late.expect(Code.ERROR))[4]).toBe("wamp.error.procedure_already_exists");
  late.send(Code.REGISTER, 2, {}, SOLE);
  await cluster.network.quiet();
  holder.yield(invocation);
  await ended;
  await late.expect(Code.REGISTERED);
  await caller.until(({ ends }) => ends.get("result") === 1);
});

it("all nodes are started again in turn under load: each call is answered, or its session got GOODBYE, and none hangs", async () => {
  const names = ["a", "b", "c"];
  for (const node of names) await cluster.start(node);
  const anywhere = (): string => [...cluster.nodes.keys()][0] as string;
  const callees = [
    await cluster.client("a", { offers: { [SOLE]: "single" }, moves: anywhere }),
    await cluster.client("b", { offers: { [SHARED]: "roundrobin" }, moves: anywhere }),
    await cluster.client("c", { offers: { [SHARED]: "roundrobin" }, moves: anywhere }),
  ];
  for (const callee of callees) await callee.until(({ registered }) => registered === 1);
  const callers: Client[] = [];
  for (const node of names) callers.push(await cluster.client(node, { calls: CALLS, moves: anywhere }));
  for (const caller of callers) await caller.more(20);
  for (const node of names) {
    await cluster.end(node);
    await cluster.start(node);
    for (const callee of callees) await callee.until(({ registered }) => registered === 1);
    for (const caller of callers) await caller.more(20);
  }
  for (const caller of callers) caller.stop();
  for (const caller of callers) await caller.until(({ pending }) => pending === 0);
  for (const client of [...callers, ...callees]) {
    expect(client.problems).toEqual([]);
    expect([...client.ends.keys()].filter((end) => !["result", "wamp.error.no_such_procedure"].includes(end))).toEqual(
      [],
    );
  }
});
