import { mergedMetrics } from "./merged-metrics.ts";

it("samples of all workers stand in one family each, with the label of their worker", () => {
  const page = (count: number): string =>
    [
      "# HELP logins Logins.",
      "# TYPE logins counter",
      `logins{outcome="welcome } {\\" x"} ${count}`,
      "# HELP up Up.",
      "# TYPE up gauge",
      "up 1",
      "",
    ].join("\n");
  const pages = new Map([
    ["vm-1", page(5)],
    ["vm-2", page(7)],
  ]);
  expect(mergedMetrics(pages)).toBe(
    [
      "# HELP logins Logins.",
      "# TYPE logins counter",
      'logins{worker="vm-1",outcome="welcome } {\\" x"} 5',
      'logins{worker="vm-2",outcome="welcome } {\\" x"} 7',
      "",
      "# HELP up Up.",
      "# TYPE up gauge",
      'up{worker="vm-1"} 1',
      'up{worker="vm-2"} 1',
      "",
    ].join("\n"),
  );
});
