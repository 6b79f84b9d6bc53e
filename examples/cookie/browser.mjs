// As much of a browser as this example needs: it keeps the cookie that it is given, and sends it with each connection.
import WebSocket from "ws";
import { url } from "../login.mjs";

const [HELLO, WELCOME, CHALLENGE, AUTHENTICATE, GOODBYE] = [1, 2, 4, 5, 6];

const ORIGIN = "https://app.example.com";

/** @param origin that of its pages @param cookie one that it has already @param authmethods what its pages offer */
export function browser({ origin = ORIGIN, cookie = undefined, realm = "realm1", authmethods }) {
  /**
   * Opens a page that logs in.
   *
   * @param answers by method, what answers its challenge
   * @returns how WELCOME says that it did, and ways to leave
   */
  async function open(authid, answers = {}) {
    const socket = new WebSocket(url, "wamp.2.json", { origin, headers: cookie === undefined ? {} : { cookie } });
    socket.on("upgrade", ({ headers }) => {
      for (const given of headers["set-cookie"] ?? []) [cookie] = given.split(";");
    });
    const messages = [];
    const waiting = [];
    socket.on("message", (data) => {
      const message = JSON.parse(data);
      if (waiting.length > 0) waiting.shift()(message);
      else messages.push(message);
    });
    const next = () =>
      new Promise((resolve) => (messages.length > 0 ? resolve(messages.shift()) : waiting.push(resolve)));
    const send = (...message) => socket.send(JSON.stringify(message));
    const closed = new Promise((resolve) => socket.on("close", resolve));
    await new Promise((resolve, reject) => socket.on("open", resolve).on("error", reject));

    const known = authid === undefined ? {} : { authid };
    send(HELLO, realm, { roles: { caller: {} }, authmethods, ...known });
    let [code, first, second] = await next();
    while (code === CHALLENGE && answers[first] !== undefined) {
      send(AUTHENTICATE, answers[first](second), {});
      [code, first, second] = await next();
    }
    const leave = async (reason) => {
      send(GOODBYE, {}, reason);
      await closed;
    };
    const how =
      code === WELCOME
        ? `joined as ${second.authid} by ${(second.authfactors ?? [second.authmethod]).join(" and ")}, ${second.authprovider}`
        : code === CHALLENGE
          ? `asked for ${first}`
          : `refused, ${second}`;
    return {
      how,
      close: () => leave("wamp.close.close_realm"),
      logout: () => leave("wamp.close.logout"),
      ended: async () => (await next())[2],
      drop: () => socket.terminate(),
    };
  }
  return {
    open,
    get cookie() {
      return cookie;
    },
  };
}
