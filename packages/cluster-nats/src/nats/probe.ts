import { jetstream, JetStreamApiCodes, JetStreamApiError } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { BlockError, type LinkContext } from "@wampgate/core";
import { nodeNameOf } from "../node-name.ts";
import type { NatsOptions } from "../options.ts";
import { Subjects } from "../subjects.ts";
import { bucketOf, noBucket } from "./bucket.ts";
import { connectTo } from "./connection.ts";
import type { LinkTimes } from "./nats-carrier.ts";
import { Rights } from "./rights.ts";

/** How long it is tried to reach NATS, in milliseconds, also where a start tries it longer. */
const CONNECT_TIME = 4000;

/** How long NATS may take to answer one question, in milliseconds. */
const ANSWER_TIME = 2000;

/**
 * Tries what a start needs of NATS: a connection, the rights to the subjects, and JetStream. It claims no name and makes no bucket,
 * so that it may be done beside the node that runs.
 *
 * @returns what has answered
 * @throws BlockError what is wrong, with its key in `cluster`
 */
export async function probeNats(
  options: NatsOptions & LinkTimes,
  { folder, signal }: Pick<LinkContext, "folder" | "signal">,
): Promise<string> {
  const node = options.node ?? nodeNameOf();
  const subjects = new Subjects(options.name, node);
  const patience = options["dead-after"];
  const timeout = Math.min(options["connect-timeout"], CONNECT_TIME);
  const settings = { ...options, "connect-timeout": timeout };
  const nc = await connectTo(settings, { node, folder, inbox: subjects.inbox, patience, signal });
  const close = (): void => void nc.close().catch(() => undefined);
  signal.addEventListener("abort", close);
  try {
    return (await hasBucket(nc, subjects, options.name))
      ? "NATS answers, and has the bucket of this cluster"
      : "NATS answers; it has no bucket of this cluster yet, and the first node makes it";
  } finally {
    signal.removeEventListener("abort", close);
    close();
  }
}

/** @throws BlockError if NATS has no JetStream, or does not let this node do what it must */
async function hasBucket(nc: NatsConnection, subjects: Subjects, cluster: string): Promise<boolean> {
  const rights = new Rights(nc, subjects);
  const follow = async (): Promise<void> => {
    for await (const status of nc.status()) if (status.type === "error") rights.failed(status.error);
  };
  follow().catch(() => undefined); // it ends with the connection
  // Here a node listens, too. What is published is empty: nodes pass it over.
  for (const subject of [subjects.hello, subjects.absent]) nc.subscribe(subject, { callback: () => undefined });
  await rights.require();
  try {
    const jsm = await jetstream(nc, { timeout: ANSWER_TIME }).jetstreamManager();
    await jsm.streams.info(`KV_${bucketOf(cluster)}`);
    return true;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound) return false;
    await rights.require();
    throw new BlockError(["servers"], noBucket(error), { cause: error });
  }
}
