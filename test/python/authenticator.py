"""The authenticator of docs/guides/dynamic-authenticators.md, as a program in Python. Argument: URL."""

import asyncio
import sys
import types

# This version of autobahn still uses what Python 3.11 has dropped.
if not hasattr(asyncio, "coroutine"):
    asyncio.coroutine = types.coroutine

from autobahn.asyncio.component import Component, run
from autobahn.wamp.exception import ApplicationError

url = sys.argv[1]
host, port = url.split("://", 1)[1].split("/")[0].rsplit(":", 1)
USERS = {"joe": {"ticket": "secret!!!", "role": "user"}}

component = Component(
    transports=[{"type": "websocket", "url": url, "endpoint": {"type": "tcp", "host": host, "port": int(port)}, "serializers": ["cbor"]}],
    realm="realm-auth",
    authentication={"ticket": {"authid": "authenticator", "ticket": "its own ticket"}},
)


@component.register("com.example.authenticate")
def authenticate(realm, authid, details):
    user = USERS.get(authid)
    if user is None or user["ticket"] != details["ticket"]:
        raise ApplicationError("com.example.invalid_ticket", "no such user, or a wrong ticket")
    peer = details["transport"]["peer"]
    return {"role": user["role"], "extra": {"id": 2**60 + 1, "ratio": 2.0, "peer": peer.split(":")[0]}}


@component.on_ready
def ready(_session):
    print("READY", flush=True)


run([component], log_level="critical")
