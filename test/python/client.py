"""Logs in with autobahn-python, does what clients do, and prints what it saw as one line of JSON.

Arguments: URL, serializer (json, msgpack, cbor), method (ticket, wampcra, cryptosign, scram, tls), authid, secret (of tls the
file with its key and certificate), and for cryptosign a channel binding, if any.
"""

import asyncio
import json
import sys
import types

# This version of autobahn still uses what Python 3.11 has dropped.
if not hasattr(asyncio, "coroutine"):
    asyncio.coroutine = types.coroutine

from autobahn.asyncio.component import Component, run
from autobahn.wamp import PublishOptions, RegisterOptions, CallOptions
from autobahn.wamp.auth import IAuthenticator
from autobahn.wamp.exception import ApplicationError

from autobahn.asyncio.rawsocket import WampRawSocketClientProtocol
from autobahn.wamp.types import TransportDetails

# Its RawSocket on asyncio has forgotten to set this.
if not hasattr(WampRawSocketClientProtocol, "transport_details"):
    WampRawSocketClientProtocol.transport_details = TransportDetails(channel_id={})

url, serializer, method, authid, secret = sys.argv[1:6]
binding = sys.argv[6] if len(sys.argv) > 6 else None
scheme, rest = url.split("://", 1)
kind = "rawsocket" if scheme in ("rs", "rss") else "websocket"
transport = {"type": kind, "serializers" if kind == "websocket" else "serializer": [serializer] if kind == "websocket" else serializer}
host, port = rest.split("/")[0].rsplit(":", 1)
endpoint = {"type": "tcp", "host": host, "port": int(port)}
if scheme in ("wss", "rss"):
    import ssl

    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if method == "tls":
        context.load_cert_chain(secret)
    endpoint["tls"] = context
transport["endpoint"] = endpoint
transport["url"] = url if kind == "websocket" else f"rs://{host}:{port}"
transport["max_retries"] = 0



class AuthTls:
    """It has no class for tls: only the name of the method is needed."""

    name = "tls"
    authextra = {}
    _args = {}

    def on_challenge(self, session, challenge):
        raise RuntimeError("tls has no challenge")

    def on_welcome(self, msg, authextra):
        return None


IAuthenticator.register(AuthTls)

credentials = {
    "tls": AuthTls(),
    "ticket": {"authid": authid, "ticket": secret},
    "wampcra": {"authid": authid, "secret": secret},
    "cryptosign": {"authid": authid, "privkey": secret, "authextra": {"channel_binding": binding}},
    # It checks the router's own proof, and leaves if that is wrong.
    "scram": {"authid": authid, "password": secret},
}
component = Component(
    transports=[transport], realm="realm1", authentication={method: credentials[method]}
)
seen = {}


@component.on_join
async def joined(session, details):
    try:
        await work(session, details)
    finally:
        session.leave()


async def work(session, details):
    seen["joined"] = [details.realm, details.authid, details.authrole, details.authmethod]
    seen["authextra"] = details.authextra
    # JSON that is read by JavaScript would lose digits.
    seen["authextraText"] = repr(details.authextra)

    def add(a, b):
        return a + b

    def fails():
        raise ApplicationError("com.example.refused", "not today", code=7)

    async def counts(details=None):
        for i in range(3):
            details.progress(i)
        return "done"

    await session.register(add, "com.example.add")
    await session.register(fails, "com.example.fails")
    await session.register(counts, "com.example.counts", options=RegisterOptions(details_arg="details"))
    seen["sum"] = await session.call("com.example.add", 2**53 + 1, 1)
    try:
        await session.call("com.example.fails")
    except ApplicationError as error:
        seen["error"] = [error.error, list(error.args), error.kwargs]
    progress = []
    result = await session.call("com.example.counts", options=CallOptions(on_progress=progress.append))
    seen["progress"] = progress + [result]
    got = asyncio.Future()
    await session.subscribe(lambda *args, **kwargs: got.set_result([list(args), kwargs]), "com.example.topic")
    payload = [1.5, None, True, "é", {"deep": [1]}]
    await session.publish("com.example.topic", *payload, word="w", options=PublishOptions(acknowledge=True, exclude_me=False))
    seen["event"] = await asyncio.wait_for(got, 10)
    seen["count"] = await session.call("wamp.session.count")
    seen["get"] = (await session.call("wamp.session.get", details.session))["authid"]


@component.on_connectfailure
def failed(_component, error):
    seen.setdefault("failed", str(error))


try:
    run([component], log_level="critical")
except SystemExit:
    pass
print("SEEN " + json.dumps(seen))
