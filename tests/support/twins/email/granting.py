"""Giving access tokens, as RFC 6749 has it: a token endpoint, over plain HTTP on this machine."""

import asyncio
import base64
import json
import time
from typing import Any
from urllib.parse import parse_qs

from support.twins.email import ADDRESS, CLIENT, REFRESH, SECRET
from support.twins.email.keeping import Provider

STALE = base64.b64encode(b'{"status":"400","schemes":"Bearer","scope":"https://mail.google.com/"}').decode()
"""What Gmail says to a token that it does not take: https://developers.google.com/gmail/imap/xoauth2-protocol."""


class Granting:
    """One request."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer it, and hang up."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        lengths = [line.partition(":")[2] for line in head.split("\r\n") if line.lower().startswith("content-length:")]
        body = await reader.readexactly(int(lengths[0])) if lengths else b""
        status, told = self._answer(head.split(" ")[1], {name: many[0] for name, many in parse_qs(body.decode()).items()})
        data = json.dumps(told).encode()
        headers = f"content-type: application/json\r\ncache-control: no-store\r\ncontent-length: {len(data)}\r\nconnection: close"
        writer.write(f"HTTP/1.1 {status} -\r\n{headers}\r\n\r\n".encode() + data)
        await writer.drain()
        writer.close()

    def _answer(self, path: str, said: dict[str, str]) -> tuple[int, dict[str, Any]]:
        known = self.provider.known
        self.provider.granted.append({"path": path, **said})
        if known["grants"]:
            return int(known["grants"]["status"]), dict(known["grants"]["body"])
        if (said.get("client_id"), said.get("client_secret")) != (CLIENT, SECRET):
            return 401, {"error": "invalid_client", "error_description": f"AADSTS7000215: {said.get('client_secret')}"}
        if said.get("grant_type") == "refresh_token" and said.get("refresh_token") not in (REFRESH, known["rotated"]):
            return 400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
        if said.get("grant_type") not in ("refresh_token", "client_credentials"):
            return 400, {"error": "unsupported_grant_type"}
        token = f"ya29.{len(self.provider.granted)}." + "x" * 1_500
        self.provider.tokens[token] = time.monotonic() + known["lasts"]
        more = {"refresh_token": known["rotated"]} if known["rotated"] and said["grant_type"] == "refresh_token" else {}
        return 200, {"access_token": token, "token_type": "Bearer", "expires_in": known["lasts"], "scope": said.get("scope", ""), **more}


def let_in(provider: Provider, told: bytes) -> bool:
    """Whether that is `user=…^Aauth=Bearer …^A^A` of who has the mailbox, with a token that holds."""
    user, auth, *rest = base64.b64decode(told, validate=True).decode().split("\x01")
    token = auth.removeprefix("auth=Bearer ")
    right = (user, rest) == (f"user={ADDRESS}", ["", ""]) and auth != token
    return right and not provider.known["revoked"] and provider.tokens.get(token, 0.0) > time.monotonic()
