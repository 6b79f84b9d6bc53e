import { PluginError } from "../errors/plugin-error.ts";
import type { Log } from "../contract/log.ts";
import { accept, deny } from "./answers.ts";
import type { Verdict } from "../contract/verdict.ts";
import { Deadline } from "../wamp/deadline.ts";
import { createBailHook, createNoticeHook, deciderOf, type Freeze, HooksByName } from "./create-hook.ts";

type Ask = [{ signal: AbortSignal }];
const answer = {
  expected: "a verdict",
  is: (value: unknown): value is Verdict => typeof value === "object" && value !== null && "kind" in value,
};
const freeze = (): Freeze => ({ frozen: false });
const bail = (state = freeze()) => createBailHook<Ask, Verdict>("hello", ["hello"], answer, state);
const question = (): Ask[0] => ({ signal: new AbortController().signal });

describe("a deciding hook", () => {
  it("awaits the Promise of an async function given to tap", async () => {
    const hook = bail();
    hook.tap("late", (async () => Promise.resolve(deny())) as never);
    await expect(hook.promise(question())).resolves.toMatchObject({ kind: "deny" });
  });

  it("goes on to the next tap after undefined, also after the Promise of undefined", async () => {
    const hook = bail();
    hook.tap("first", () => undefined);
    hook.tapPromise("second", () => Promise.resolve(undefined));
    hook.tapAsync("third", (_ask, done) => done(null, undefined));
    hook.tap("fourth", () => accept());
    await expect(hook.promise(question())).resolves.toMatchObject({ kind: "accept" });
  });

  it.each([[null], [false], [0], ["yes"], [true]])("reports %p as a bug of the plugin, by its name", async (value) => {
    const hook = bail();
    hook.tap("careless", () => value as never);
    await expect(hook.promise(question())).rejects.toThrow(
      /plugin "careless" answered .* in hello, expected a verdict/,
    );
  });

  it("names the plugin whose tap throws, rejects, or calls back with an error", async () => {
    const taps = [
      (hook: ReturnType<typeof bail>) =>
        hook.tap("bad", () => {
          throw new Error("boom");
        }),
      (hook: ReturnType<typeof bail>) => hook.tapPromise("bad", () => Promise.reject(new Error("boom"))),
      (hook: ReturnType<typeof bail>) => hook.tapAsync("bad", (_ask, done) => done(new Error("boom"))),
    ];
    for (const add of taps) {
      const hook = bail();
      add(hook);
      await expect(hook.promise(question())).rejects.toThrow('plugin "bad" failed in hello: boom');
    }
  });

  it("names the plugin that hangs when the time is up", async () => {
    const hook = bail();
    hook.tapPromise("sleeper", () => new Promise(() => undefined));
    const { signal } = new Deadline(5);
    await expect(hook.promise({ signal })).rejects.toThrow('plugin "sleeper" failed in hello: no answer within 5 ms');
  });

  it("blames no plugin when the client leaves while a tap is asked", async () => {
    const hook = bail();
    hook.tapPromise("sleeper", () => new Promise(() => undefined));
    const controller = new AbortController();
    const decided = hook.promise({ signal: controller.signal });
    controller.abort(new Error("left"));
    await expect(decided).rejects.toThrow("left");
    await expect(decided).rejects.not.toBeInstanceOf(PluginError);
  });

  it("remembers which plugin answered each question, even if the answers share one object", async () => {
    const no = Object.freeze(deny());
    const [first, second] = [bail(), bail()];
    first.tap("ann", () => no);
    second.tap("bob", () => no);
    const [one, other, unasked] = [question(), question(), question()];
    await Promise.all([first.promise(one), second.promise(other)]);
    expect([one, other, unasked].map(deciderOf)).toEqual(["ann", "bob", null]);
  });

  it("takes no tap after it is frozen", () => {
    const state = freeze();
    const hook = bail(state);
    state.frozen = true;
    expect(() => hook.tap("late", () => undefined)).toThrow(/"late" taps hello after the router has started/);
  });

  it("refuses to put a tap before one that does not exist", () => {
    expect(() => bail().tap({ name: "mine", before: "absent" }, () => undefined)).toThrow(/before "absent"/);
  });
});

describe("a hook that reports", () => {
  it("runs the taps after one that throws, and logs throws and rejections with the plugin's name", async () => {
    const lines: string[] = [];
    const log = { error: (_fields: unknown, message: string) => lines.push(message) } as unknown as Log;
    const hook = createNoticeHook<[string]>("joined", ["session"], freeze(), log);
    const seen: string[] = [];
    hook.tap("first", () => {
      throw new Error("boom");
    });
    const rejects: () => unknown = () => Promise.reject(new Error("late boom"));
    hook.tap("second", rejects);
    hook.tap("third", (session) => void seen.push(session));
    hook.call("alice");
    await new Promise(setImmediate);
    expect(seen).toEqual(["alice"]);
    expect(lines).toEqual(['plugin "first" failed in joined: boom', 'plugin "second" failed in joined: late boom']);
  });
});

describe("hooks by name", () => {
  it("store nothing for a name that is only looked up", () => {
    const hooks = new HooksByName("challenge", () => bail(), freeze());
    expect(hooks.get("__proto__")).toBeUndefined();
    expect([...hooks.names()]).toEqual([]);
  });

  it("make no hook after they are frozen", () => {
    const state = freeze();
    const hooks = new HooksByName("challenge", () => bail(state), state);
    const ticket = hooks.for("ticket");
    state.frozen = true;
    expect(hooks.for("ticket")).toBe(ticket);
    expect(() => hooks.for("other")).toThrow(/after the router has started/);
  });
});
