import { isPromise, whenThere } from "./maybe-promise.ts";

it("goes on at once with a value that is there", () => {
  expect(whenThere(1, (value) => value + 1)).toBe(2);
});

it("goes on with the value of a promise, and rejects as it does", async () => {
  await expect(whenThere(Promise.resolve(1), (value) => value + 1)).resolves.toBe(2);
  await expect(whenThere(Promise.reject(new Error("boom")), () => 1)).rejects.toThrow("boom");
});

it.each([[null], [undefined], ["then"], [{ then: "totp" }], [{}]])("there is nothing to wait for in %p", (value) => {
  expect(isPromise(value)).toBe(false);
});
