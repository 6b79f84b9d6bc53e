import { PassThrough } from "node:stream";
import fc from "fast-check";
import { runs } from "../../../../../jest/runs.ts";
import { countUntilWelcome } from "./hello-allowance.ts";

/** A socket whose bytes the test sends, and how often there were too many. */
function counted(size: number) {
  const socket = new PassThrough();
  let exceeded = 0;
  socket.on("data", () => undefined);
  const allowance = countUntilWelcome(socket, size, { exceeded: () => exceeded++ });
  const come = (bytes: number): unknown => socket.emit("data", Buffer.alloc(bytes));
  return { socket, allowance, come, hits: () => exceeded };
}

it("the allowances for HELLO and each CHALLENGE add up, however the bytes are cut", () => {
  const step = fc.oneof(fc.constant("challenge" as const), fc.nat({ max: 40 }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { allowance, come, hits } = counted(50);
      let [sent, allowed, isOver] = [0, 50, false];
      for (const next of steps) {
        if (next === "challenge") {
          allowance.grant();
          allowed += 50;
          continue;
        }
        come(next);
        sent += next;
        isOver ||= sent > allowed;
        expect(hits()).toBe(isOver ? 1 : 0);
      }
    }),
    runs(500),
  );
});

it("earlier listeners get a chunk only after it was counted", () => {
  const socket = new PassThrough();
  const order: string[] = [];
  socket.on("data", () => void order.push("listener"));
  countUntilWelcome(socket, 10, { exceeded: () => void order.push("count") });
  socket.emit("data", Buffer.alloc(11));
  expect(order).toEqual(["count", "listener"]);
});

it("no listener is left at the socket after WELCOME, or after too many bytes", () => {
  const [welcomed, exceeded] = [counted(10), counted(10)];
  welcomed.allowance.end();
  exceeded.come(11);
  for (const { socket } of [welcomed, exceeded]) expect(socket.listenerCount("data")).toBe(1);
  welcomed.come(1000);
  exceeded.come(1000);
  expect([welcomed.hits(), exceeded.hits()]).toEqual([0, 1]);
});
