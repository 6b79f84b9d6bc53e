import { autobahn, show } from "../login.mjs";
import { browser } from "./browser.mjs";

const { MYSECRET } = process.env;
const authmethods = ["cookie", "wampcra"];
const withSecret = (secret) => ({ wampcra: ({ challenge }) => autobahn.auth_cra.sign(secret, challenge) });
const joes = browser({ authmethods });

/** Opens a page, says how that went, and closes it. */
async function visit(own, authid, answers) {
  const page = await own.open(authid, answers);
  page.drop();
  return page.how;
}

await show("joe, with his password", "joined as joe by wampcra, static", () =>
  visit(joes, "joe", withSecret(MYSECRET)),
);
await show("the same browser, with its cookie", "joined as joe by wampcra, cookie", () => visit(joes));
await show("the same browser, with the password of ann", "joined as ann by wampcra, static", () =>
  visit(joes, "ann", withSecret(MYSECRET)),
);
await show("the same browser again: it is joe's cookie", "joined as joe by wampcra, cookie", () => visit(joes));

// The browser would send the cookie to the router, whichever page connects.
await show("a page of another origin, with that cookie", "asked for wampcra", () =>
  visit(browser({ authmethods, origin: "https://evil.example.com", cookie: joes.cookie }), "joe"),
);
await show("another browser, with a cookie that joe's has never had", "asked for wampcra", () =>
  visit(browser({ authmethods, cookie: "cbtid=AAAAAAAAAAAAAAAAAAAAAAAA" }), "joe"),
);

await show("two pages, one of which logs out", "the other one ends, wamp.close.logout", async () => {
  const [one, two] = [await joes.open(), await joes.open()];
  await one.logout();
  return `the other one ends, ${await two.ended()}`;
});
await show("the same browser after that", "asked for wampcra", () => visit(joes, "joe"));
