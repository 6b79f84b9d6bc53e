"""Logs in by scram as programs for Crossbar.io do: a Component on Twisted. Arguments: URL, authid, password."""

import json
import sys

import txaio

txaio.use_twisted()

from autobahn.twisted.component import Component, run

url, authid, password = sys.argv[1:4]
seen = {}
# As in Crossbar.io's documentation: what the password is derived by comes with the challenge.
credentials = {"authid": authid, "password": password, "kdf": "argon2id13", "iterations": 4096, "memory": 512}
component = Component(
    transports=[{"type": "websocket", "url": url, "max_retries": 0}],
    realm="realm1",
    authentication={"scram": credentials},
)


@component.on_join
def joined(session, details):
    seen["joined"] = [details.realm, details.authid, details.authrole, details.authmethod]
    session.leave()


@component.on_leave
def left(_session, details):
    seen["left"] = details.reason


try:
    run([component], log_level=None)
except SystemExit:
    pass
print("SEEN " + json.dumps(seen))
