const transform = {
  "^.+\\.ts$": [
    "@swc/jest",
    { jsc: { target: "es2022", parser: { syntax: "typescript" } }, module: { type: "es6" }, sourceMaps: "inline" },
  ],
};

/** @type {import("jest").Config} */
export default {
  testEnvironment: "node",
  roots: ["<rootDir>/packages", "<rootDir>/test"],
  testMatch: ["**/*.test.ts"],
  extensionsToTreatAsEsm: [".ts"],
  transform,
  globalSetup: "<rootDir>/jest/before-run.mjs",
  globalTeardown: "<rootDir>/jest/after-run.mjs",
  setupFiles: ["<rootDir>/jest/seed.ts"],
  testTimeout: process.env.FUZZ_RUNS === undefined ? 5000 : 24 * 3600_000,
  testEnvironmentOptions: { customExportConditions: ["wampgate-src", "node", "node-addons"] },
  modulePathIgnorePatterns: ["<rootDir>/packages/[^/]+/dist"],
};
