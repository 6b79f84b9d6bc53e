import { Circuit } from "./circuit.ts";

describe("a circuit", () => {
  it("is cut after five failures in a row, lets one question through after each pause, and closes with a success", () => {
    let now = 0;
    const told: boolean[] = [];
    const circuit = new Circuit(
      (isDown) => told.push(isDown),
      () => now,
    );
    const fail = (times: number): void => {
      for (let i = 0; i < times; i++) circuit.failed();
    };
    fail(4);
    circuit.succeeded();
    fail(4);
    expect(circuit.mayAsk()).toBe(true);
    fail(1);
    expect(told).toEqual([true]);
    expect(circuit.mayAsk()).toBe(false);
    now = 1000;
    expect([circuit.mayAsk(), circuit.mayAsk()]).toEqual([true, false]);
    fail(1);
    now = 1999;
    expect(circuit.mayAsk()).toBe(false);
    now = 2000;
    expect(circuit.mayAsk()).toBe(true);
    circuit.succeeded();
    expect([circuit.mayAsk(), circuit.mayAsk()]).toEqual([true, true]);
    expect(told).toEqual([true, false]);
  });
});
