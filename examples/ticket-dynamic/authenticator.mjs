const TICKETS = new Map([
  ["joe", "secret!!!"],
  ["client2", "123sekret"],
]);

const fail = (error) => Object.assign(new Error(error), { error });

export default async function authenticator(session) {
  await session.register("com.example.authenticate", ([_realm, authid, { ticket }]) => {
    if (!TICKETS.has(authid)) throw fail("com.example.no_such_user");
    if (TICKETS.get(authid) !== ticket) throw fail("com.example.invalid_ticket");
    return "frontend";
  });
}
