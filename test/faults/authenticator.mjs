// An authenticator in a process of its own. It tells whom it is asked about and whom it lets in, before it does so, and
// answers the first `ANSWERS` times only.
import { writeSync } from "node:fs";
import { autobahn, login, withTicket } from "../../examples/login.mjs";

const STDOUT = 1;
const tell = (line) => writeSync(STDOUT, `${line}\n`);
let left = Number(process.env.ANSWERS);

const { session } = await login({
  realm: "realm-auth",
  authid: "authenticator",
  authmethods: ["ticket"],
  onchallenge: withTicket("its own ticket"),
  on_user_error: () => undefined, // it would print each refusal
});
await session.register("com.example.authenticate", ([, authid, { ticket }]) => {
  tell(`asked ${authid}`);
  if (left-- <= 0) return new Promise(() => undefined);
  if (ticket !== `ticket of ${authid}`) throw new autobahn.Error("com.example.wrong_ticket");
  tell(`approved ${authid}`);
  return "user";
});
tell("ready");
