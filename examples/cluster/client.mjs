// A client at each of three nodes: URL_A, URL_B and URL_C.
import { autobahn, joined, login, show, withTicket } from "../login.mjs";

const { URL_A, URL_B, URL_C, AUTHENTICATOR_TICKET } = process.env;

const USERS = new Map([
  ["bob", { ticket: "bob's ticket", role: "backend" }],
  ["carol", { ticket: "carol's ticket", role: "frontend" }],
]);

const at = (url, authid, ticket) => ({
  url,
  realm: "realm1",
  authid,
  authmethods: ["ticket"],
  onchallenge: withTicket(ticket),
  on_user_error: () => undefined, // it would print each refusal
});

const byItsTicket = { ...at(URL_A, "authenticator", AUTHENTICATOR_TICKET), realm: "realm-auth" };
const authenticator = await login(byItsTicket);
await authenticator.session.register("com.example.authenticate", ([realm, authid, { ticket }]) => {
  const user = realm === "realm1" ? USERS.get(authid) : undefined;
  if (user?.ticket !== ticket) throw new autobahn.Error("com.example.invalid_ticket");
  return user.role;
});

const carolAtC = at(URL_C, "carol", "carol's ticket");
await show("carol at c, decided by the authenticator at a", "joined realm1 as carol, role frontend", () =>
  joined(carolAtC),
);
await show("mallory at c, decided by the same", "refused, com.example.invalid_ticket", () =>
  joined(at(URL_C, "mallory", "a guess")),
);

const bob = await login(at(URL_B, "bob", "bob's ticket"));
const carol = await login(carolAtC);
await bob.session.register("com.example.add2", ([a, b]) => a + b);
await show("carol at c calls what bob at b has registered", "5", async () =>
  String(await carol.session.call("com.example.add2", [2, 3])),
);

const news = new Promise((resolve) =>
  carol.session.subscribe("com.example.news", ([text]) => resolve(text)).then(tell),
);
async function tell() {
  await bob.session.publish("com.example.news", ["hello from b"], {}, { acknowledge: true });
}
await show("carol at c hears what bob at b publishes", "hello from b", () => news);

for (const { close } of [carol, bob, authenticator]) close();
