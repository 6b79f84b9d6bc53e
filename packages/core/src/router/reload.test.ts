import { CapturedLog } from "@wampgate/plugin-testkit";
import { ReloadProblems } from "./reload.ts";

it("a failed step of a reload is reported, and the next steps are taken", () => {
  const log = new CapturedLog();
  const problems = new ReloadProblems(log);
  let taken = 0;
  problems.attempt('the realm "realm1"', () => {
    throw new Error("no room");
  });
  problems.attempt('the realm "realm2"', () => taken++);
  expect(taken).toBe(1);
  expect(problems.found).toEqual([
    'the realm "realm1" does not follow the new config in all: no room; restart the router',
  ]);
  expect(log.text()).toContain("could not be reloaded");
});
