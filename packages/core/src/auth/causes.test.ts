import { readFile } from "node:fs/promises";
import type { Cause } from "../contract/login-cause.ts";
import { CAUSE_CODES, countsAsFailed } from "./causes.ts";

const LOG = new URL("../../../../docs/reference/log.md", import.meta.url);

it("the reference has each cause, in the order of the table, and says truly whether it counts as a failed login", async () => {
  const [, causes = ""] = (await readFile(LOG, "utf8")).split("### Causes");
  const [table = ""] = causes.split("\n## ");
  const [, ...rows] = [...table.matchAll(/^\| `(?<code>[a-z-]+)` .*\| (?<counts>[^|]*?) +\|$/gm)].map(
    (row) => row.groups,
  );
  expect(rows.map((row) => row?.["code"])).toEqual(CAUSE_CODES);
  const told = rows.filter((row) => row?.["counts"] === "yes").map((row) => row?.["code"]);
  expect(told).toEqual(CAUSE_CODES.filter((code) => countsAsFailed({ code, params: {} } as unknown as Cause)));
});
