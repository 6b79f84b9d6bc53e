// Loaded into a server before its own code: reports the resources that it uses, at the URL in BENCH_URL.
import { report } from "./report.mjs";

report(process.env.BENCH_URL);
