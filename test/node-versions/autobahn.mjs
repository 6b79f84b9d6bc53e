// A client as users of autobahn-js 26 have it: on a Node.js that brings its own WebSocket. It logs in as joe over each
// format, registers, calls, publishes, and prints what came of it. Arguments: the URL of the router.
import autobahn from "autobahn-26";

autobahn.log.warn = () => undefined;
const { JSONSerializer, MsgpackSerializer, CBORSerializer } = autobahn.serializer;

async function logIn(serializer) {
  const connection = new autobahn.Connection({
    url: process.argv[2],
    realm: "realm1",
    authid: "joe",
    authmethods: ["ticket"],
    onchallenge: () => "a ticket",
    max_retries: 0,
    serializers: [serializer],
  });
  return new Promise((resolve, reject) => {
    let ended;
    const end = new Promise((done) => (ended = done));
    connection.onopen = (session, { authmethod }) => {
      const close = () => {
        connection.close();
        return end;
      };
      resolve({ session, authmethod, close });
    };
    connection.onclose = (reason) => {
      ended(reason);
      reject(new Error(reason));
      return true;
    };
    connection.open();
  });
}

for (const serializer of [new JSONSerializer(), new MsgpackSerializer(), new CBORSerializer()]) {
  const { session, authmethod, close } = await logIn(serializer);
  await session.register("com.example.add", ([a, b]) => a + b);
  const sum = await session.call("com.example.add", [2, 3]);
  const event = new Promise((resolve) => {
    session
      .subscribe("com.example.topic", ([text]) => resolve(text))
      .then(() => session.publish("com.example.topic", ["news"], {}, { exclude_me: false }));
  });
  const line = { format: serializer.SERIALIZER_ID, authmethod, sum, event: await event, end: await close() };
  console.log(JSON.stringify(line));
}
