import { readFileSync } from "node:fs";
import { join } from "node:path";
import { validate } from "dockerfile-utils";

const ROOT = join(import.meta.dirname, "..");
const read = (name: string): string => readFileSync(join(ROOT, name), "utf8");

test("the container image's definition has nothing that a linter complains of", () => {
  const problems = validate(read("Dockerfile")).map(
    ({ message, range }) => `line ${range.start.line + 1}: ${JSON.stringify(message)}`,
  );
  expect(problems).toEqual([]);
});

test("the image runs as no root, is told to stop by SIGTERM, and asks the router for its health", () => {
  const [, image = ""] = read("Dockerfile").split(/^FROM (?!.* AS build$)/m);
  expect(image).toMatch(/^USER node$/m);
  expect(image).toMatch(/^STOPSIGNAL SIGTERM$/m);
  expect(image).toMatch(/^HEALTHCHECK .*\/healthz/m);
});

test("what the definition copies is there, and let in by .dockerignore", () => {
  const copied = [...read("Dockerfile").matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(
    ([, list]) => list?.split(" ") ?? [],
  );
  const letIn = read(".dockerignore").split("\n");
  expect(copied.length).toBeGreaterThan(0);
  for (const name of copied) {
    expect(letIn).toContain(`!${name}`);
    expect(() => read(join(name, name === "packages" ? "core/package.json" : ""))).not.toThrow();
  }
});
