import { joined, login, show, withTicket } from "../login.mjs";

const by = (authid, ticket, realm) => ({ authid, realm, authmethods: ["ticket"], onchallenge: withTicket(ticket) });
const data = 'welcome data {"my-custom-welcome-data":[1,2,3]}';

await show("user1, naming realm-user1", `joined realm-user1 as user1, role user, ${data}`, () =>
  joined(by("user1", "123secret", "realm-user1")),
);
await show("user1, naming no realm", `joined realm-user1 as user1, role user, ${data}`, () =>
  joined(by("user1", "123secret", null)),
);
await show("user2, naming no realm", `joined realm-user2 as user2, role user, ${data}`, () =>
  joined(by("user2", "456secret", null)),
);
await show("user1, naming realm-user2", "refused, com.example_invalid_realm", () =>
  joined(by("user1", "123secret", "realm-user2")),
);
await show("user1, with a wrong ticket", "refused, com.example.invalid_ticket", () =>
  joined(by("user1", "wrong", "realm-user1")),
);
await show("an unknown user", "refused, com.example.no_such_user", () =>
  joined(by("nobody", "123secret", "realm-user1")),
);
await show("a call and an event between two sessions of user1", "5, hello", async () => {
  const one = await login(by("user1", "123secret", "realm-user1"));
  const two = await login(by("user1", "123secret", "realm-user1"));
  await one.session.register("com.example.add2", ([a, b]) => a + b);
  const sum = await two.session.call("com.example.add2", [2, 3]);
  let got;
  const event = new Promise((resolve) => (got = resolve));
  await one.session.subscribe("com.example.topic", ([text]) => got(text));
  await two.session.publish("com.example.topic", ["hello"]);
  const text = await event;
  one.close();
  two.close();
  return `${sum}, ${text}`;
});
