// An authenticator in a process of its own: it lets everybody in who shows the right ticket.
import { next, open } from "../socket.mjs";
import { message } from "../wire.mjs";

const client = await open(`${process.argv[2]}/backend`, "wamp.2.json", () => undefined);
const details = { roles: { callee: {} }, authid: "backend", authmethods: ["ticket"] };
for (const request of [
  [1, "auth", details],
  [5, "secret", {}],
  [64, 1, {}, "com.bench.remote"],
]) {
  const answer = next(client);
  client.write(message("json", request));
  const [code, , reason] = JSON.parse(await answer);
  if (code === 3 || code === 8) throw new Error(`the authenticator was refused: ${JSON.stringify(reason)}`);
}
client.onFrame = (data, at, length) => {
  const [, id, , , [, , { ticket }]] = JSON.parse(data.subarray(at, at + length));
  client.write(message("json", [70, id, {}, [{ role: ticket === "secret" ? "user" : null }]]));
};
process.on("disconnect", () => process.exit());
process.send({ ready: true });
