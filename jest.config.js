const transform = {
  "^.+\\.ts$": [
    "@swc/jest",
    { jsc: { target: "es2022", parser: { syntax: "typescript" } }, module: { type: "es6" }, sourceMaps: "inline" },
  ],
};

const coverage = process.argv.includes("--coverage") ? (await import("./jest/coverage.mjs")).default : {};

/** @type {import("jest").Config} */
export default {
  ...coverage,
  testEnvironment: "node",
  roots: ["<rootDir>/packages", "<rootDir>/test"],
  testMatch: ["**/*.test.ts"],
  extensionsToTreatAsEsm: [".ts"],
  transform,
  globalSetup: "<rootDir>/jest/before-run.mjs",
  globalTeardown: "<rootDir>/jest/after-run.mjs",
  setupFiles: ["<rootDir>/jest/seed.ts"],
  // For what hangs: benchmarks measure how long something takes, and machines may be busy.
  testTimeout: process.env.FUZZ_RUNS === undefined ? 15_000 : 24 * 3600_000,
  testEnvironmentOptions: { customExportConditions: ["wampgate-src", "node", "node-addons"] },
  modulePathIgnorePatterns: ["<rootDir>/packages/[^/]+/dist"],
  // On a busy machine Node.js needs a second to end a worker whose tests have left nothing open. By default jest waits half
  // a second, and then blames the tests. What they do leave open holds a worker for longer than this, and is still told.
  workerGracefulExitTimeout: 10_000,
};
