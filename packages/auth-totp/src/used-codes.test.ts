import { UsedCodes } from "./used-codes.ts";

const TOLERANCE = { "max-failures": 3, "lock-time": 60 };

function codes() {
  let now = 1000;
  const used = new UsedCodes(() => now);
  return {
    judge: (step: number | null, key = "joe") => used.judge(key, step, TOLERANCE),
    pass: (seconds: number) => (now += seconds * 1000),
  };
}

it("a code counts once, and then only later ones do", () => {
  const { judge } = codes();
  expect([judge(7), judge(7), judge(6), judge(8), judge(7)]).toEqual(["right", "used", "used", "right", "used"]);
});

it("each seed has its own", () => {
  const { judge } = codes();
  expect([judge(7), judge(7, "ann")]).toEqual(["right", "right"]);
});

it("after too many wrong codes in a row all are denied for a while, and then right ones count again", () => {
  const { judge, pass } = codes();
  expect([judge(null), judge(null), judge(null)]).toEqual(["wrong", "wrong", "locked"]);
  expect(judge(7)).toBe("wrong");
  expect(judge(7, "ann")).toBe("right");
  pass(59);
  expect(judge(8)).toBe("wrong");
  pass(2);
  // A code that was denied is not used up.
  expect(judge(8)).toBe("right");
});

it("a right code makes the count of wrong ones begin anew, and so does time", () => {
  const { judge, pass } = codes();
  expect([judge(null), judge(null), judge(7), judge(null), judge(null)]).not.toContain("locked");
  pass(61);
  expect([judge(null), judge(null)]).not.toContain("locked");
  expect(judge(null)).toBe("locked");
});

it("codes shown again are no guesses: they do not count as wrong ones", () => {
  const { judge } = codes();
  expect([judge(7), judge(7), judge(7), judge(7), judge(7), judge(8)]).toEqual([
    "right",
    ...Array.from({ length: 4 }, () => "used"),
    "right",
  ]);
});

it("remembers 100,000 accounts, and forgets the one that was used longest ago", () => {
  const { judge } = codes();
  judge(7, "first");
  judge(7, "second");
  for (let i = 0; i < 99_998; i++) judge(7, `user${i}`);
  expect(judge(7, "first")).toBe("used");
  judge(7, "one more");
  expect([judge(7, "first"), judge(7, "second")]).toEqual(["used", "right"]);
});
