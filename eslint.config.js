import js from "@eslint/js";
import { createNodeResolver, importX } from "eslint-plugin-import-x";
import tseslint from "typescript-eslint";

// The floors of packages/core/src, lowest first: a file imports from its own floor or from a lower one. Folders in one
// inner list share a floor; where `apart` names them, they do not import each other either. The schemas of a room's
// settings, in its settings.ts, may be imported from everywhere: they import other schemas alone.
const floors = [
  ["wamp", "errors", "settings"],
  ["serializers"],
  ["contract"],
  ["hooks"],
  ["session", "auth", "realm", "limits"],
  ["config", "plugins", "transports"],
  ["router"],
  ["cli"],
];
const apart = ["session", "auth", "realm", "limits"];
const core = "./packages/core/src";

const zone = (target, from, message) => ({
  target: `${core}/${target}`,
  from: `${core}/${from}`,
  except: ["./settings.ts"],
  message,
});
const upwards = "A file imports from its own floor or a lower one, never upwards.";
const sideways = "session, auth, realm and limits do not import each other: put an interface into contract/.";
const zones = floors.flatMap((folders, floor) =>
  folders.flatMap((folder) =>
    floors.slice(floor + 1).flatMap((above) => above.map((from) => zone(folder, from, upwards))),
  ),
);
for (const folder of apart) for (const other of apart) if (other !== folder) zones.push(zone(folder, other, sideways));

export default tseslint.config(
  { ignores: ["**/dist/", "**/node_modules/", "coverage/"] },
  js.configs.recommended,
  {
    files: ["**/*.js", "**/*.mjs"],
    languageOptions: {
      globals: Object.fromEntries(
        [
          "process",
          "console",
          "Buffer",
          "URL",
          "setTimeout",
          "clearTimeout",
          "setImmediate",
          "queueMicrotask",
          "performance",
          "fetch",
          "AbortSignal",
        ].map((name) => [name, "readonly"]),
      ),
    },
    rules: { "no-unused-vars": ["error", { argsIgnorePattern: "^_" }] },
  },
  {
    files: ["packages/**/*.ts", "test/**/*.ts", "jest/**/*.ts"],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { project: "./tsconfig.lint.json", tsconfigRootDir: import.meta.dirname } },
    plugins: { "import-x": importX },
    settings: { "import-x/resolver-next": [createNodeResolver({ extensions: [".ts", ".js"] })] },
    rules: {
      "import-x/no-restricted-paths": ["error", { zones }],
      "import-x/no-cycle": "error",
      "import-x/no-duplicates": ["error", { "prefer-inline": true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "off",
      "@typescript-eslint/no-confusing-void-expression": "off",
    },
  },
  {
    // A promise that is not waited for gets an end that catches, as `whenDone`: `void` would let it end the process.
    files: ["packages/*/src/**/*.ts"],
    ignores: ["**/*.test.ts"],
    rules: { "@typescript-eslint/no-floating-promises": ["error", { ignoreVoid: false }] },
  },
  {
    files: ["**/*.test.ts"],
    rules: {
      "no-restricted-syntax": [
        "error",
        {
          selector:
            "CallExpression[callee.object.name='fc'] > ObjectExpression > Property[key.name=/^(seed|numRuns)$/]",
          message:
            "Take runs() of jest/runs.ts, so that a short run is always the same, and a long one as long as asked.",
        },
      ],
    },
  },
  {
    files: ["**/*.test.ts", "test/support/**/*.ts"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          paths: ["node:fs", "node:fs/promises"].map((name) => ({
            name,
            importNames: ["mkdtemp", "mkdtempSync"],
            message: "Take folderOf() of jest/folder.ts: what it makes is removed when the run ends.",
          })),
        },
      ],
    },
  },
);
