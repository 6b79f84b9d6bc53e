import { NAME, nodeNameOf } from "./node-name.ts";

it("a node is named after its host, in the characters of a subject, and hosts that differ get names that differ", () => {
  expect(nodeNameOf("web1.example.com")).toMatch(/^web1-[0-9a-f]{5}$/);
  expect(nodeNameOf("web1.example.org")).not.toBe(nodeNameOf("web1.example.com"));
  for (const host of ["", "a b/c*>", "müller", "x".repeat(300), "localhost"]) expect(nodeNameOf(host)).toMatch(NAME);
  expect(nodeNameOf()).toMatch(NAME);
});
