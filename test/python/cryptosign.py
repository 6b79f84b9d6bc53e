"""Logs in by cryptosign with autobahn-python on Twisted, and prints what it saw as one line of JSON.

Arguments: URL, serializer (json, msgpack, cbor), authid or "", private key, channel binding or "", version of TLS (1.2, 1.3).
"""

import json
import sys

from OpenSSL import SSL
from autobahn.twisted.component import Component, run
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from zope.interface import implementer

url, serializer, authid, private_key, binding, version = sys.argv[1:7]
scheme, rest = url.split("://", 1)
host, port = rest.split("/")[0].rsplit(":", 1)


@implementer(IOpenSSLClientConnectionCreator)
class AnyCertificate:
    def clientConnectionForTLS(self, _protocol):
        context = SSL.Context(SSL.TLS_METHOD)
        only = {"1.2": SSL.TLS1_2_VERSION, "1.3": SSL.TLS1_3_VERSION}[version]
        context.set_min_proto_version(only)
        context.set_max_proto_version(only)
        return SSL.Connection(context, None)


endpoint = {"type": "tcp", "host": host, "port": int(port)}
if scheme in ("wss", "rss"):
    endpoint["tls"] = AnyCertificate()
transport = {"endpoint": endpoint, "max_retries": 0}
if scheme in ("rs", "rss"):
    transport.update(type="rawsocket", url=f"rs://{host}:{port}", serializer=serializer)
else:
    transport.update(type="websocket", url=url, serializers=[serializer])

credentials = {"privkey": private_key, "authextra": {"channel_binding": binding or None}}
if authid:
    credentials["authid"] = authid
component = Component(transports=[transport], realm="realm1", authentication={"cryptosign": credentials})
seen = {}


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
