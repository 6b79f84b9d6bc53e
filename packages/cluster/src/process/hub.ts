import type { NodeName, WorkerHub, WorkerProcess } from "@wampgate/core";
import { Bucket } from "../bucket.ts";
import { type Frame, isForCluster, type Operation, type ToPrimary, type ToWorker } from "./messages.ts";

/** The primary's half: carries between its workers, and decides for them. Workers are this program, and trusted. */
export class ProcessHub implements WorkerHub {
  readonly #bucket = new Bucket();
  readonly #workers = new Map<NodeName, WorkerProcess>();

  started(worker: WorkerProcess): void {
    this.#workers.set(worker.node, worker);
  }

  received(from: NodeName, message: unknown): void {
    if (!isForCluster(message)) return;
    const told = message as ToPrimary;
    if (told.cluster === "frames") this.#carry(from, told.frames);
    else this.#answer(from, told.id, told.operation, told.args);
  }

  ended(node: NodeName): void {
    this.#workers.delete(node);
    for (const other of this.#workers.values()) other.send({ cluster: "ended", node } satisfies ToWorker);
  }

  /** Frames for one worker that came together leave together. */
  #carry(from: NodeName, frames: readonly Frame[]): void {
    const byWorker = new Map<WorkerProcess, Frame[]>();
    for (const [to, bytes] of frames)
      for (const worker of this.#receivers(from, to)) {
        const list = byWorker.get(worker) ?? [];
        byWorker.set(worker, list);
        list.push([from, bytes]);
      }
    for (const [worker, list] of byWorker) worker.send({ cluster: "frames", frames: list } satisfies ToWorker);
  }

  #receivers(from: NodeName, to: NodeName | null): WorkerProcess[] {
    if (to === null) return [...this.#workers.values()].filter(({ node }) => node !== from);
    const worker = this.#workers.get(to);
    return worker === undefined ? [] : [worker];
  }

  #answer(from: NodeName, id: number, operation: Operation, args: readonly unknown[]): void {
    const ask = this.#bucket[operation].bind(this.#bucket) as (...args: readonly unknown[]) => Promise<unknown>;
    const send = (value: unknown): void =>
      this.#workers.get(from)?.send({ cluster: "answer", id, value } satisfies ToWorker);
    ask(...args).then(send, () => undefined); // a bucket in memory does not fail
  }
}
