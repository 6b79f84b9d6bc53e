// Formats the results as a table.

/** @returns a Markdown table with a row for each scenario */
export function table(results) {
  const others = results.some(({ other }) => other) ? ["to the other checkout"] : [];
  const rows = results.map((result) => {
    const { name, kind, wampgate, naive, tuned, other, bars, quartiles = [] } = result;
    if (kind === "idle") {
      return [
        name,
        `${wampgate.kib.toFixed(1)} KiB`,
        "",
        `${naive.kib.toFixed(1)} KiB`,
        `${tuned.kib.toFixed(1)} KiB`,
        "",
        "",
      ];
    }
    const base = results.find((other) => other.name === result.base)?.wampgate;
    const added =
      base === undefined ? "" : `, ${Math.round(1e6 / wampgate.perCpuSecond - 1e6 / base.perCpuSecond)} µs more`;
    const ratios = [naive, tuned, ...others.map(() => other)].map(
      (theirs) => theirs && wampgate.perCpuSecond / theirs.perCpuSecond,
    );
    const late =
      wampgate.p50 === undefined ? "" : `, p50 ${wampgate.p50.toFixed(2)} ms, p99 ${wampgate.p99.toFixed(2)} ms`;
    return [
      name + late + added,
      count(wampgate.rate),
      count(wampgate.perCpuSecond),
      ...ratios.map((ratio, i) => ratioText(ratio, bars[i], quartiles[i])),
      percent(wampgate.clientLoad),
      naive === undefined ? "" : percent(naive.clientLoad),
    ];
  });
  const head = [
    "scenario",
    "messages/s",
    "per CPU second",
    "to naive",
    "to tuned",
    ...others,
    "load's CPU",
    "at naive",
  ];
  return markdown([head, ...rows]);
}

/** @returns a Markdown table with a row for each storm */
export function stormTable(results) {
  const ms = (time) => (time === undefined ? "" : `${Math.round(time)} ms`);
  const rows = results.map(({ name, wampgate: { clients, seconds, refused, cpu, turn, calls, p99, longest } }) => [
    `${name}: ${count(clients)}`,
    `${seconds.toFixed(1)} s`,
    count(refused),
    `${Math.round(cpu)} µs`,
    ms(turn),
    calls === undefined ? "" : count(calls),
    ms(p99),
    ms(longest),
  ]);
  return markdown([
    [
      "storm",
      "all are in after",
      "attempts refused",
      "CPU a client",
      "longest turn, CPU",
      "calls",
      "their p99",
      "longest",
    ],
    ...rows,
  ]);
}

function markdown([head, ...rows]) {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

const count = (number) => Math.round(number).toLocaleString("en");
const percent = (share) => `${Math.round(share * 100)} %`;

function ratioText(ratio, bar, quartiles) {
  if (ratio === undefined) return "";
  const spread = quartiles?.map((quartile) => quartile.toFixed(2)).join(" to ");
  const goal = bar && `${ratio >= bar ? "" : "**below** "}bar ${bar}`;
  const notes = [spread, goal].filter((note) => note !== undefined);
  return notes.length === 0 ? ratio.toFixed(2) : `${ratio.toFixed(2)} (${notes.join("; ")})`;
}

/** The functions in which a CPU profile spent most of its time, as a share of the time in which it had work. */
export function hotSpots({ nodes, samples, timeDeltas }) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const spent = new Map();
  let all = 0;
  samples.forEach((id, i) => {
    const { functionName, url, lineNumber } = byId.get(id).callFrame;
    if (functionName === "(idle)") return;
    const file = url.replace(/^.*\/(packages|node_modules)\//, "");
    const name = `${functionName || "(anonymous)"} ${file}${file === "" ? "" : `:${lineNumber + 1}`}`;
    spent.set(name, (spent.get(name) ?? 0) + timeDeltas[i]);
    all += timeDeltas[i];
  });
  const most = [...spent].sort(([, a], [, b]) => b - a).slice(0, 25);
  return most.map(([name, time]) => `${((time / all) * 100).toFixed(1).padStart(5)} %  ${name}`).join("\n");
}
