// What the clients of Crossbar's examples do after login: their role allows some of it, and not the rest.
import { login } from "./login.mjs";

const refused = (error) => (error.error === "wamp.error.not_authorized" ? "not authorized" : error.error);

/** Logs in, tries what the role `frontend` may and may not do, and returns the result. */
export async function tryPermissions(options) {
  const { session, details, close } = await login(options);
  const publish = (topic) =>
    session.publish(topic, ["hello"], {}, { acknowledge: true }).then(() => "published", refused);
  const results = [
    `add2(2, 3) = ${await session.call("com.example.add2", [2, 3]).catch(refused)}`,
    `register mul2: ${await session.register("com.example.mul2", () => 0).then(() => "registered", refused)}`,
    `com.example.topic1: ${await publish("com.example.topic1")}`,
    `com.example.topic2: ${await publish("com.example.topic2")}`,
    `com.foobar.topic1: ${await publish("com.foobar.topic1")}`,
    `com.foobar.topic2: ${await publish("com.foobar.topic2")}`,
  ];
  close();
  return `joined as ${details.authid}, role ${details.authrole}; ${results.join("; ")}`;
}

/** What `tryPermissions` returns if the permissions work. */
export const permitted = (authid) =>
  `joined as ${authid}, role frontend; add2(2, 3) = 5; register mul2: not authorized; ` +
  "com.example.topic1: published; com.example.topic2: not authorized; " +
  "com.foobar.topic1: published; com.foobar.topic2: not authorized";
