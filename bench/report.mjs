// The results as a table.

/** @returns a Markdown table with a row for each scenario */
export function table(results) {
  const rows = results.map((result) => {
    const { name, kind, wampgate, naive, tuned, bars } = result;
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
    const ratios = [naive, tuned].map((other) => wampgate.perCpuSecond / other.perCpuSecond);
    const late =
      wampgate.p50 === undefined ? "" : `, p50 ${wampgate.p50.toFixed(2)} ms, p99 ${wampgate.p99.toFixed(2)} ms`;
    return [
      name + late,
      count(wampgate.rate),
      count(wampgate.perCpuSecond),
      ...ratios.map((ratio, i) => ratioText(ratio, bars[i])),
      percent(wampgate.clientLoad),
      percent(naive.clientLoad),
    ];
  });
  const head = ["scenario", "messages/s", "per CPU second", "to naive", "to tuned", "load's CPU", "at naive"];
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

const count = (number) => Math.round(number).toLocaleString("en");
const percent = (share) => `${Math.round(share * 100)} %`;

function ratioText(ratio, bar) {
  const text = ratio.toFixed(2);
  if (bar === undefined) return text;
  return `${text} (${ratio >= bar ? "" : "**below** "}bar ${bar})`;
}
