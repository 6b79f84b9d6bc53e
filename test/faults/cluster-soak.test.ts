import { setTimeout as wait } from "node:timers/promises";
import { BusyClient, type End } from "../support/busy-client.ts";
import { mib, report, sizeOf } from "../support/load.ts";
import { describeWithNats, NatsServer } from "../support/nats-server.ts";
import { type RouterConfig, RouterProcess } from "../support/router-process.ts";
import { TcpProxy } from "../support/tcp-proxy.ts";
import { SEED } from "../../jest/runs.ts";

// Three nodes over NATS under load, while nodes and NATS are killed, stopped and parted at random. Each call gets one answer,
// no event comes twice or out of order, one session alone holds a procedure, and memory does not grow.

/** For how long; `SOAK_MINUTES` says otherwise. */
const MINUTES = Number(process.env["SOAK_MINUTES"] ?? sizeOf(0.75, 10));

/** How long a call may take to end, in milliseconds: claims are tried for 10 s, a node that says nothing is gone after 1 s. */
const LIMIT = 15_000;

/** How a call may end while there are faults. */
const ENDS: readonly End[] = [
  "result",
  "closed",
  "wamp.error.canceled",
  "wamp.error.network_failure",
  "wamp.error.no_such_procedure",
];

const NAMES = ["a", "b", "c"] as const;
type Name = (typeof NAMES)[number];

const SINGLE = "com.example.single";
const TOPIC = "com.example.topic";

/** Numbers below `end` that look random, and are the same each time. */
let state = SEED;
function random(end: number): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * end);
}

class Node {
  readonly name: Name;
  readonly proxy: TcpProxy;
  process: RouterProcess | null = null;

  constructor(name: Name, proxy: TcpProxy) {
    this.name = name;
    this.proxy = proxy;
  }

  async start(): Promise<void> {
    const config: RouterConfig = {
      plugins: ["@wampgate/auth-anonymous", "@wampgate/cluster-nats"],
      realms: [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }],
      transports: [
        {
          type: "websocket",
          endpoint: { type: "tcp", port: 0 },
          auth: { anonymous: { type: "static", role: "user" } },
        },
      ],
      cluster: {
        type: "nats",
        name: "soak",
        node: this.name,
        servers: [`nats://127.0.0.1:${this.proxy.port}`],
        heartbeat: 200,
        "dead-after": 1000,
        "connect-timeout": 20_000,
      },
    };
    this.process = await RouterProcess.start(config);
  }

  async kill(): Promise<void> {
    await this.process?.kill();
    this.process = null;
  }
}

/** What all clients did, and what was wrong. */
class Load {
  readonly ends = new Map<End, number>();
  readonly problems: string[] = [];
  events = 0;
  isOver = false;
  readonly clients = new Map<Name, Set<BusyClient>>(NAMES.map((name) => [name, new Set()]));

  /** Runs a client at a node until the load is over, and connects it again whenever the node was away. */
  async run(node: Node, number: number): Promise<void> {
    for (let round = 0; !this.isOver; round++) {
      const url = node.process?.url;
      const client = url === undefined ? null : await BusyClient.join(url).catch(() => null);
      if (client === null) {
        await wait(50);
        continue;
      }
      this.clients.get(node.name)?.add(client);
      const name = `${node.name}${number}.${round}`;
      await Promise.all([this.#call(client, number), this.#serve(client, name, number), this.#publish(client, name)]);
      this.problems.push(...client.problems);
      this.clients.get(node.name)?.delete(client);
      client.vanish();
    }
  }

  async #call(client: BusyClient, number: number): Promise<void> {
    for (let i = 0; !this.isOver && !client.isClosed; i++) {
      const procedure = random(4) === 0 ? SINGLE : `com.example.of${random(NAMES.length * 2)}`;
      const [end, args] = await this.#inTime(procedure, client.call(procedure, [number, i]));
      this.ends.set(end, (this.ends.get(end) ?? 0) + 1);
      if (!ENDS.includes(end)) this.problems.push(`a call of ${procedure} ended with ${end}`);
      if (end === "result" && (args[0] !== number || args[1] !== i))
        this.problems.push(`a call of ${procedure} got the answer of another one`);
      await wait(end === "result" ? 1 : 20);
    }
  }

  /** Registers what only this client does, and tries to get what all want. */
  async #serve(client: BusyClient, name: string, number: number): Promise<void> {
    let own: End = "none";
    while (!this.isOver && !client.isClosed) {
      if (own !== "result" || client.revoked.length > 0) {
        client.revoked.length = 0;
        [own] = await this.#inTime("REGISTER", client.register(`com.example.of${number}`));
      }
      await this.#inTime(
        "REGISTER",
        client.register(SINGLE, (args) => [...args, name]),
      );
      await wait(100 + random(200));
    }
  }

  async #publish(client: BusyClient, name: string): Promise<void> {
    const last = new Map<unknown, number>();
    await client.subscribe(TOPIC, ({ args: [publisher, sequence] }) => {
      this.events++;
      const before = last.get(publisher) ?? -1;
      if ((sequence as number) <= before) this.problems.push(`event ${String(sequence)} came after ${before}`);
      last.set(publisher, sequence as number);
    });
    for (let i = 0; !this.isOver && !client.isClosed; i++) {
      client.tell(TOPIC, [name, i]);
      await wait(2);
    }
  }

  async #inTime<T>(what: string, promise: Promise<T>): Promise<T> {
    const late = setTimeout(() => this.problems.push(`${what} has no answer after ${LIMIT} ms`), LIMIT);
    return promise.finally(() => clearTimeout(late));
  }
}

describeWithNats("three nodes over NATS", () => {
  it(
    "whatever is killed, stopped and parted under load: each call ends once, no order breaks, one session holds a procedure, memory stays",
    async () => {
      const server = await NatsServer.start();
      const nodes: Node[] = [];
      for (const name of NAMES) nodes.push(new Node(name, await TcpProxy.start(server.port)));
      const [first, ...others] = nodes as [Node, ...Node[]];
      await Promise.all(nodes.map((node) => node.start()));
      const load = new Load();
      const runs = nodes.flatMap((node, i) => [load.run(node, i), load.run(node, i + NAMES.length)]);

      const faults: Readonly<Record<string, () => Promise<void>>> = {
        "a node killed": async () => {
          const node = others[random(others.length)] as Node;
          await node.kill();
          await wait(random(1500));
          await node.start();
        },
        "a node stopped": async () => {
          const { process } = nodes[random(nodes.length)] as Node;
          process?.hold();
          await wait(random(2500));
          process?.release();
        },
        "a node cut off": async () => {
          const { proxy } = nodes[random(nodes.length)] as Node;
          proxy.cut();
          await wait(random(2500));
          proxy.heal();
        },
        "a node parted without a word": async () => {
          const { proxy } = nodes[random(nodes.length)] as Node;
          proxy.hang();
          await wait(random(2500));
          proxy.heal();
        },
        "NATS killed": async () => {
          await server.kill();
          await wait(random(1500));
          await server.run();
        },
        "NATS killed, and what it stored is lost": async () => {
          await server.kill(true);
          await wait(random(1500));
          await server.run();
        },
      };

      const kinds = Object.keys(faults);
      const happened = new Map<string, number>();
      const used: number[] = [];
      const start = performance.now();
      for (let i = 0; performance.now() - start < MINUTES * 60_000; i++) {
        const kind = kinds[i < kinds.length ? i : random(kinds.length)] ?? "";
        happened.set(kind, (happened.get(kind) ?? 0) + 1);
        await faults[kind]?.();
        await whole(load, kind);
        used.push((await (first.process as RouterProcess).memory()).used);
      }
      load.isOver = true;
      await Promise.all(runs);

      expect(load.problems).toEqual([]);
      expect(load.ends.get("result")).toBeGreaterThan(1000);
      expect(load.events).toBeGreaterThan(1000);
      // The first rounds fill what stays; two of three later ones must not be above that by much.
      const [early, late] = [Math.max(...used.slice(0, 6)), median(used.slice(6))];
      expect(late).toBeLessThan(early * 1.3);
      report(
        `${MINUTES} minutes, ${[...happened].map(([kind, count]) => `${kind}: ${count}`).join(", ")}; ` +
          `calls: ${[...load.ends].map(([end, count]) => `${count} ${end}`).join(", ")}; ${load.events} events; ` +
          `${mib(early)} in use at first, ${mib(late)} later`,
      );
      for (const { process } of nodes) expect(process?.complaints).toEqual([]);
      for (const { process, proxy } of nodes) {
        await process?.kill();
        await proxy.close();
      }
      await server.close();
    },
    (MINUTES + 3) * 60_000,
  );
});

/** Resolves when all nodes answer each other, and one and the same session answers what one alone may hold. */
async function whole(load: Load, after: string): Promise<void> {
  let seen = "nothing";
  for (const end = performance.now() + 20_000; performance.now() < end; await wait(20)) {
    const asked = NAMES.flatMap((name) => [...(load.clients.get(name) ?? [])].find(({ isClosed }) => !isClosed) ?? []);
    if (asked.length < NAMES.length) {
      seen = "a node without clients";
      continue;
    }
    const answers = await Promise.all(asked.map((client) => client.call(SINGLE)));
    const counts = await Promise.all(asked.map((client) => client.call("wamp.session.count")));
    const all = Array.from({ length: NAMES.length * 2 }, (_, i) => asked[i % 3] as BusyClient);
    const ends = (await Promise.all(all.map((client, i) => client.call(`com.example.of${i}`)))).map(([end]) => end);
    seen = JSON.stringify({ answers, counts, ends });
    const holders = new Set(answers.map(([, [holder]]) => holder));
    const isWhole = holders.size === 1 && answers.every(([end]) => end === "result");
    if (isWhole && counts.every(([, [count]]) => count === 6) && ends.every((end) => end === "result")) return;
  }
  throw new Error(`the nodes are not one router again 20 s after: ${after}; ${seen}`);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
