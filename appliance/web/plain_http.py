"""Who comes by plain http is told in words why that cannot work: keys and passphrases need a way that nobody reads.

A browser that speaks plain http to a TLS port gets a connection that breaks, and shows an error that tells a nurse
nothing. OpenSSL recognises such a request; before the connection ends, this page is written into it.
"""

from __future__ import annotations

import ssl
from asyncio import WriteTransport, sslproto
from html import escape

from appliance.web.languages import NAMES, language, mark

HTTP_REQUEST = "HTTP_REQUEST"
HEADING = mark("This appliance speaks https only")
WORDS = mark(
    "Your browser came by plain http, which others on the network can read. Nothing was sent. Put https:// before the "
    "address, or follow this link:"
)


def tell_plain_visitors(address: str) -> None:
    """Let every TLS connection of this process answer plain http with a page that names the right address.

    Args:
        address: Of the appliance, with https.
    """
    answer = _answer(address)

    class TellingProtocol(sslproto.SSLProtocol):
        """The loop's own protocol, whose one private method is where a handshake ends; a flow test holds it."""

        def _on_handshake_complete(self, handshake_exc: BaseException | None) -> None:
            is_plain = isinstance(handshake_exc, ssl.SSLError) and handshake_exc.reason == HTTP_REQUEST
            if is_plain and isinstance(self._transport, WriteTransport):
                self._transport.write(answer)
            super()._on_handshake_complete(handshake_exc)

    sslproto.SSLProtocol = TellingProtocol  # type: ignore[misc]  # The loop takes the class from its module.


def _answer(address: str) -> bytes:
    paragraphs = "".join(
        f'<section lang="{code}"><h1>{escape(language(code).say(HEADING))}</h1>'
        f'<p>{escape(language(code).say(WORDS))} <a href="{escape(address)}">{escape(address)}</a></p></section>'
        for code in NAMES
    )
    page = f'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Cloister</title>{paragraphs}</html>'.encode()
    head = (
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\n"
        "Content-Security-Policy: default-src 'none'\r\nConnection: close\r\n"
        f"Content-Length: {len(page)}\r\n\r\n"
    )
    return head.encode() + page
