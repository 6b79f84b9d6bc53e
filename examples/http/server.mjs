// A web server that decides logins. Any language can do it: check the signature, read JSON, answer JSON.
import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";

const { SERVER, WEBHOOK_SECRET } = process.env;
const webhook = new Webhook(Buffer.from(WEBHOOK_SECRET).toString("base64"));
const USERS = new Map([
  ["joe", { ticket: "secret!!!", role: "frontend" }],
  ["ann", { ticket: "123sekret", role: "frontend" }],
]);

/** @returns the status, and what is said */
function decided({ authid, details }) {
  const user = USERS.get(authid);
  if (user === undefined) return [404];
  if (user.ticket !== details.ticket) return [403, { error: "com.example.invalid_ticket", message: "wrong ticket" }];
  return [200, { role: user.role, extra: { greeting: `hello ${authid}` } }];
}

const server = createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks).toString();
    try {
      webhook.verify(body, request.headers);
    } catch {
      response.writeHead(401).end();
      return;
    }
    const [status, answer] = decided(JSON.parse(body));
    response.writeHead(status, { "content-type": "application/json" });
    response.end(answer === undefined ? "" : JSON.stringify(answer));
  });
});
server.listen(Number(new URL(SERVER).port), "127.0.0.1", () => console.log("ready"));
