import { Code } from "@wampgate/core";
import { inParallel, report, sizeOf } from "../support/load.ts";
import { joinLight } from "../support/light-client.ts";
import { openToAll, RouterProcess } from "../support/router-process.ts";

const CALLS = sizeOf(1000, 10_000);
const CALLERS = 100;

const ids = Array.from({ length: CALLS / CALLERS }, (_, i) => i + 1);

it(`a callee dies with ${CALLS} calls in flight: each gets one answer, which is wamp.error.canceled where it gave none`, async () => {
  const router = await RouterProcess.start(openToAll());
  const callee = await joinLight(router.url);
  callee.send(Code.REGISTER, 1, {}, "com.example.slow");
  expect((await callee.next())[0]).toBe(Code.REGISTERED);
  const callers = await inParallel(CALLERS, 20, () => joinLight(router.url));
  for (const caller of callers) for (const id of ids) caller.send(Code.CALL, id, {}, "com.example.slow", [id]);

  // Every other caller's first call is answered in time.
  const invocations = await inParallel(CALLS, 1, () => callee.next());
  expect(new Set(invocations.map(([code, id]) => `${code} ${String(id)}`)).size).toBe(CALLS);
  const answered = invocations.filter(([, , , , args]) => (args as unknown[])[0] === 1).slice(0, CALLERS / 2);
  for (const [, id] of answered) callee.send(Code.YIELD, id, {}, ["in time"]);
  callee.send(Code.CALL, 2, {}, "wamp.session.count");
  expect(await callee.next()).toEqual([Code.RESULT, 2, {}, [CALLERS + 1]]); // the results before it have been taken
  callee.socket.resetAndDestroy();

  const outcomes = await Promise.all(
    callers.map(async (caller) => {
      const answers = await inParallel(ids.length, 1, () => caller.next());
      caller.send(Code.CALL, CALLS + 1, {}, "com.example.slow");
      const last = await caller.next(); // that nothing came twice
      return { answers, last };
    }),
  );
  const answers = outcomes.flatMap((outcome) => outcome.answers);
  const results = answers.filter(([code]) => code === Code.RESULT);
  const errors = answers.filter(([code]) => code === Code.ERROR);
  expect([results.length, errors.length]).toEqual([CALLERS / 2, CALLS - CALLERS / 2]);
  expect(new Set(errors.map(([, call, , , uri]) => `${String(call)} ${String(uri)}`))).toEqual(
    new Set(["48 wamp.error.canceled"]),
  );
  for (const { answers: own, last } of outcomes) {
    const answeredIds = own.map(([code, second, third]) => (code === Code.RESULT ? second : third) as number);
    expect(answeredIds.sort((a, b) => a - b)).toEqual(ids);
    expect(last.slice(0, 5)).toEqual([Code.ERROR, Code.CALL, CALLS + 1, {}, "wamp.error.no_such_procedure"]);
  }
  report(`a callee died with ${CALLS} calls in flight: ${results.length} results, ${errors.length} errors, none lost`);
  expect(await router.stop()).toBe(0);
}, 60_000);
