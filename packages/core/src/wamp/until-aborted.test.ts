import { untilAborted } from "./deadline.ts";

const never = new Promise<never>(() => undefined);

it("what is waited for comes, and a signal that fires later changes nothing", async () => {
  const controller = new AbortController();
  await expect(untilAborted(Promise.resolve(7), controller.signal)).resolves.toBe(7);
  controller.abort(new Error("too late"));
  await expect(untilAborted(Promise.reject(new Error("failed")), new AbortController().signal)).rejects.toThrow(
    "failed",
  );
});

it("a signal that fires first ends the waiting with its reason", async () => {
  const controller = new AbortController();
  const waiting = untilAborted(never, controller.signal);
  controller.abort(new Error("the client left"));
  await expect(waiting).rejects.toThrow("the client left");
});

it("a signal that has fired already ends it too, and what fails afterwards is no unhandled rejection", async () => {
  const signal = AbortSignal.abort(new Error("the client left"));
  await expect(untilAborted(Promise.reject(new Error("failed")), signal)).rejects.toThrow("the client left");
});
