import { whenAborted } from "./when-aborted.ts";

function ending() {
  const control = new AbortController();
  const called: unknown[] = [];
  const end = (): void => void called.push("ended");
  return { control, called, end, failed: (error: unknown) => void called.push(error) };
}

it("what a signal ends is ended once: when it fires, or now if it has", () => {
  const { control, called, end, failed } = ending();
  whenAborted(control.signal, end, failed);
  expect(called).toEqual([]);
  control.abort();
  expect(called).toEqual(["ended"]);
  whenAborted(control.signal, end, failed);
  expect(called).toEqual(["ended", "ended"]);
});

it("a signal that was let go of ends nothing, nor does no signal", () => {
  const { control, called, end, failed } = ending();
  whenAborted(control.signal, end, failed)();
  whenAborted(undefined, end, failed)();
  control.abort();
  expect(called).toEqual([]);
});

it("what goes wrong at the end reaches the one who asked, not the one who fires the signal", () => {
  const { control, called, failed } = ending();
  const broken = new Error("broken");
  const end = (): void => {
    throw broken;
  };
  whenAborted(control.signal, end, failed);
  control.abort();
  expect(called).toEqual([broken]);
});
