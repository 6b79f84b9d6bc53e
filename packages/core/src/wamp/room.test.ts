import { Room } from "./room.ts";

describe("a room", () => {
  const { signal } = new AbortController();

  it("lets so many in at the same time, and the others in their order", async () => {
    const room = new Room(2);
    const ends: (() => void)[] = [];
    const entered: number[] = [];
    const all = [0, 1, 2, 3].map((i) =>
      room.enter(signal, () => {
        entered.push(i);
        return new Promise<void>((resolve) => (ends[i] = resolve));
      }),
    );
    expect(entered).toEqual([0, 1]);
    ends[1]?.();
    await all[1];
    await new Promise(setImmediate);
    expect(entered).toEqual([0, 1, 2]);
    ends[0]?.();
    ends[2]?.();
    await all[2];
    await new Promise(setImmediate);
    ends[3]?.();
    await Promise.all(all);
    expect(entered).toEqual([0, 1, 2, 3]);
  });

  it("forgets who stops waiting, gives on the place of who failed, and says when nobody else may wait", async () => {
    const room = new Room(1);
    let fail = (): void => undefined;
    const first = room.enter(
      signal,
      () => new Promise<void>((_, reject) => (fail = () => reject(new Error("failed")))),
    );
    const controllers = Array.from({ length: 16 }, () => new AbortController());
    const waiting = controllers.map((controller) => room.enter(controller.signal, () => Promise.resolve("in")));
    expect(room.isFull).toBe(true);
    for (const controller of controllers.slice(1)) controller.abort(new Error("left"));
    expect(room.isFull).toBe(false);
    await expect(room.enter(AbortSignal.abort(new Error("late")), () => Promise.resolve())).rejects.toThrow("late");
    fail();
    await expect(first).rejects.toThrow("failed");
    expect(await waiting[0]).toBe("in");
    expect((await Promise.allSettled(waiting.slice(1))).every(({ status }) => status === "rejected")).toBe(true);
    expect(await room.enter(signal, () => Promise.resolve("again"))).toBe("again");
  });
});
