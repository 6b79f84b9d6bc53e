import { join } from "node:path";
import { jest } from "@jest/globals";
import { BusyClient } from "./support/busy-client.ts";
import { folderWith } from "./support/cli.ts";
import { NatsCluster } from "./support/nats-cluster.ts";
import { describeWithNats, NatsServer } from "./support/nats-server.ts";

jest.setTimeout(60_000);

describeWithNats("a nats-server that takes messages of 8 KiB at most", () => {
  it("carries all that many clients send in one turn, and what is longer, in its order", async () => {
    const conf = join(await folderWith({ "nats.conf": "max_payload: 8192\n" }), "nats.conf");
    const cluster = await NatsCluster.start(["a", "b"], { server: await NatsServer.start(["-js", "-c", conf]) });
    const [publisher, subscriber] = [
      await BusyClient.join(cluster.get("a").url),
      await BusyClient.join(cluster.get("b").url),
    ];
    const lengths = Array.from({ length: 300 }, (_, i) => [10, 1000, 4000, 8000, 30_000][i % 5] as number);
    const heard: unknown[] = [];
    let heardAll = (): void => undefined;
    const all = new Promise<void>((resolve) => (heardAll = resolve));
    await subscriber.subscribe("com.example.topic", ({ args: [number, text] }) => {
      if (heard.push([number, String(text).length]) === lengths.length) heardAll();
    });
    lengths.forEach((length, i) => publisher.tell("com.example.topic", [i, "x".repeat(length)]));
    await all;
    expect(heard).toEqual(lengths.map((length, i) => [i, length]));
    for (const { lines } of [cluster.get("a"), cluster.get("b")])
      expect(lines.filter((line) => /"level":(50|60)/.test(line))).toEqual([]);
    await cluster.close();
  });
});
