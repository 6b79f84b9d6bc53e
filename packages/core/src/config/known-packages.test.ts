import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  COMMAND_PACKAGES,
  METHOD_PACKAGES,
  officialPackage,
  packageOfCommand,
  packageOfMethod,
  STRATEGY_PACKAGES,
} from "./known-packages.ts";

test("no other file of core names an official package, except in docstrings", () => {
  const src = join(import.meta.dirname, "..");
  const names = [...Object.values(METHOD_PACKAGES), ...Object.values(STRATEGY_PACKAGES)];
  const naming = readdirSync(src, { recursive: true })
    .map(String)
    .filter((file) => /(?<!\.test)\.ts$/.test(file))
    .filter((file) => {
      const code = readFileSync(join(src, file), "utf8").replaceAll(/^ *\*.*$/gm, "");
      return names.some((name) => code.includes(name));
    });
  expect(naming).toEqual([join("config", "known-packages.ts")]);
});

test("the commands of the official packages are known, each with its package", () => {
  const packages = join(import.meta.dirname, "../../..");
  const found = readdirSync(packages).flatMap((folder) => {
    const src = join(packages, folder, "src");
    const files = folder === "core" ? [] : readdirSync(src).filter((file) => /(?<!\.test)\.ts$/.test(file));
    const code = files.map((file) => readFileSync(join(src, file), "utf8")).join("\n");
    const names = [...code.matchAll(/defineCommand\(\{\s+name: "([a-z-]+)"/g)];
    return names.map(([, name]) => [name, `@wampgate/${folder}`]);
  });
  expect(Object.fromEntries(found)).toEqual(COMMAND_PACKAGES);
  expect(packageOfCommand("keygen")).toBe("@wampgate/auth-cryptosign");
  expect(packageOfCommand("toString")).toBeUndefined();
});

test.each([
  ["@wampgate/auth-tiket", "@wampgate/auth-ticket"],
  ["wampgate/auth-ticket", "@wampgate/auth-ticket"],
  ["auth-wampcr", "@wampgate/auth-wampcra"],
  ["@wampgate/auth-scarm", "@wampgate/auth-scram"],
  ["@wampgate/auth-criptosign", "@wampgate/auth-cryptosign"],
  ["@wampgate/auth-totpp", "@wampgate/auth-totp"],
  ["@wampgate/auth-cooky", "@wampgate/auth-cookie"],
  ["@wampgate/auth-kerberos", undefined],
])("the official package that %s was meant for is %s", (name, official) => {
  expect(officialPackage(name)).toBe(official);
});

test("a name that every object has is not a package", () => {
  expect(packageOfMethod("constructor")).toBeUndefined();
});
