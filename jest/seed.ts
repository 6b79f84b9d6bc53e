import fc from "fast-check";
import { LONG, runs, SEED } from "./runs.ts";

// Jest runs this before each test file, so that no property has to ask for its seed, or for the long form.
fc.configureGlobal({ seed: SEED, ...(LONG && runs(0)) });
