/** What Prometheus reads of one program: a family of samples, with its HELP and TYPE. */
interface Family {
  readonly comments: string[];
  readonly samples: string[];
}

/**
 * One page of metrics from those of all workers: each sample gets the label `worker`. Prometheus adds them up, or compares
 * them.
 * @param pages by the names of the workers, in Prometheus' text format
 */
export function mergedMetrics(pages: ReadonlyMap<string, string>): string {
  const families = new Map<string, Family>();
  for (const [worker, page] of pages) {
    let family: Family = { comments: [], samples: [] };
    for (const line of page.split("\n")) {
      const [, name] = /^# (?:HELP|TYPE) (\S+)/.exec(line) ?? [];
      if (name !== undefined) {
        family = families.get(name) ?? { comments: [], samples: [] };
        families.set(name, family);
        if (!family.comments.includes(line)) family.comments.push(line);
      } else if (line !== "" && !line.startsWith("#")) family.samples.push(labelled(line, worker));
    }
  }
  return [...families.values()].map(({ comments, samples }) => `${[...comments, ...samples].join("\n")}\n`).join("\n");
}

/** `name{a="b"} 1` or `name 1` */
function labelled(sample: string, worker: string): string {
  const [, name = "", labels = "", value = ""] = /^([^\s{]+)(?:\{(.*)\})?(\s.*)$/.exec(sample) ?? [];
  const all = labels === "" ? `worker="${worker}"` : `worker="${worker}",${labels}`;
  return `${name}{${all}}${value}`;
}
