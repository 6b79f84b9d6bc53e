"""Logs in with autobahn-python by two factors, and prints what WELCOME or ABORT said as one line of JSON.

Arguments: URL, kind (session, component), first method (ticket, wampcra), authid, secret, code.
"""

import asyncio
import json
import sys
import types

# This version of autobahn still uses what Python 3.11 has dropped.
if not hasattr(asyncio, "coroutine"):
    asyncio.coroutine = types.coroutine

from autobahn.asyncio.component import Component, run
from autobahn.asyncio.wamp import ApplicationRunner, ApplicationSession
from autobahn.wamp import auth

url, kind, method, authid, secret, code = sys.argv[1:7]
seen = {}


def joined(details):
    seen["joined"] = [details.realm, details.authid, details.authrole, details.authmethod]


class Session(ApplicationSession):
    """A client that answers each challenge itself."""

    def onConnect(self):
        self.join("realm1", [method], authid)

    def onChallenge(self, challenge):
        seen.setdefault("challenges", []).append(challenge.method)
        if challenge.method == "totp":
            return code
        if challenge.method == "wampcra":
            return auth.compute_wcs(secret.encode(), challenge.extra["challenge"].encode()).decode()
        return secret

    def onJoin(self, details):
        joined(details)
        self.leave()

    def onLeave(self, details):
        if "joined" not in seen:
            seen["refused"] = details.reason
        self.disconnect()

    def onDisconnect(self):
        asyncio.get_event_loop().stop()


def by_component():
    host, port = url.split("://", 1)[1].split("/")[0].rsplit(":", 1)
    transport = {"type": "websocket", "url": url, "max_retries": 0}
    transport["endpoint"] = {"type": "tcp", "host": host, "port": int(port)}
    credentials = {"authid": authid, "ticket" if method == "ticket" else "secret": secret}
    # What it knows of the second factor is its name: ticket.
    authentication = {method: credentials, "ticket": {"authid": authid, "ticket": code}}
    component = Component(transports=[transport], realm="realm1", authentication=authentication)

    @component.on_join
    async def on_join(session, details):
        joined(details)
        session.leave()

    run([component], log_level="critical")


if kind == "component":
    by_component()
else:
    ApplicationRunner(url, "realm1").run(Session)
print("SEEN " + json.dumps(seen), flush=True)
