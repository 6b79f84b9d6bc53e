import fc from "fast-check";
import { didYouMean } from "./suggest.ts";

const KNOWN = ["ticket", "wampcra", "anonymous", "default-role"];

it.each([
  ["tiket", "ticket"],
  ["Ticket", "ticket"],
  ["tikcet", "ticket"],
  ["defaultrole", "default-role"],
  ["wamp-cra", "wampcra"],
])("%s is likely meant as %s", (found, meant) => {
  expect(didYouMean(found, KNOWN)).toBe(`; did you mean "${meant}"?`);
});

it("nothing is suggested if no name is similar", () => {
  expect(didYouMean("oauth2", KNOWN)).toBe("");
  expect(didYouMean("x".repeat(100_000), KNOWN)).toBe("");
});

it("two swapped letters are one typing error in any word", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z]{4,12}$/), fc.nat(), (word, at) => {
      const i = at % (word.length - 1);
      const slip = word.slice(0, i) + word.charAt(i + 1) + word.charAt(i) + word.slice(i + 2);
      expect(didYouMean(slip, [word])).toContain(word);
    }),
  );
});
