import { Code } from "@wampgate/core";
import { gone, joinLight, openSocket, type LightClient } from "../support/light-client.ts";
import { addressOf, eventually, inParallel, report, sizeOf } from "../support/load.ts";
import { openToAll, RouterProcess } from "../support/router-process.ts";

const DESCRIPTORS = sizeOf(256, 2048);

/** How many have joined before the descriptors are used up. */
const SESSIONS = DESCRIPTORS / 8;

const config = openToAll();

it(`with all ${DESCRIPTORS} descriptors used up nobody who is connected is harmed, and when some are free it accepts again`, async () => {
  const router = await RouterProcess.start(config, { descriptors: DESCRIPTORS });
  const sessions = await inParallel(SESSIONS, 10, () => joinLight(router.url));
  const [witness, ...others] = sessions as [(typeof sessions)[0], ...typeof sessions];
  for (const other of others) {
    other.send(Code.SUBSCRIBE, 1, {}, "com.example.topic");
    expect((await other.next())[0]).toBe(Code.SUBSCRIBED);
  }

  const crowd = await inParallel(DESCRIPTORS, 50, (i) => openSocket(router.url, { from: addressOf(i) }));
  await gone(await openSocket(router.url)); // it is turned away, not left waiting
  witness.send(Code.PUBLISH, 1, { acknowledge: true }, "com.example.topic", ["all are well"]);
  expect((await witness.next())[0]).toBe(Code.PUBLISHED);
  for (const other of others) expect((await other.next())[4]).toEqual(["all are well"]);

  for (const socket of crowd) socket.destroy();
  // The router learns in any order of the sockets that closed and of a new one, which it turns away while it has not
  // closed its own ends of the old ones.
  const joined: LightClient[] = [];
  await eventually(async () => {
    joined.push(
      ...(await joinLight(router.url).then(
        (client) => [client],
        () => [],
      )),
    );
    return joined.length > 0;
  });
  const [client] = joined as [LightClient];
  client.send(Code.CALL, 1, {}, "wamp.session.count");
  expect(await client.next()).toEqual([Code.RESULT, 1, {}, [SESSIONS + 1]]);
  report(`${DESCRIPTORS} descriptors used up: ${SESSIONS} sessions unharmed, the next login after that let in`);
  expect(await router.stop()).toBe(0);
}, 60_000);
