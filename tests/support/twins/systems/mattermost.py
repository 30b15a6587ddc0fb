"""A Mattermost server: REST API v4 and websocket in one process, by its OpenAPI and by the source of its server and clients.

Events are kept for a line that was cut (128 of them), numbered for each line, and told again to who takes the line up. What tests tell it
goes to `/twin/…`: `say`, `edit`, `delete`, `react`, `press`, `command`, `cut`, `forget`, `gap`, `twice`, `answers`.
"""

import base64
import contextlib
import email
import itertools
import json
import re
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from support.twins.systems.serving import Answer, Route

API = "/api/v4"


def made_id(name: str, number: int = 0) -> str:
    """An id as the server makes them: 26 letters and digits."""
    return f"{name}{number:0>{26 - len(name)}}"


BOT, ANA, BRUNO, ROBO, TEAM, OTHER = (made_id(name) for name in ("hulk", "ana", "bruno", "robo", "loja", "outra"))
TOWN, DIRECT, FEW, ELSEWHERE = (made_id(name) for name in ("town", "direct", "few", "elsewhere"))
_ERRORS = {400: "api.context.invalid_body_param", 401: "api.context.session_expired", 403: "api.context.permissions", 404: "app.missing"}


@dataclass
class Line:
    """A websocket, and what it was told."""

    id: str
    socket: web.WebSocketResponse | None
    sequence: int = 0
    told: "deque[dict[str, Any]]" = field(default_factory=lambda: deque(maxlen=128))

    async def tell(self, event: str, data: dict[str, Any], channel: str = "", *, lost: bool = False, twice: bool = False) -> None:
        """One more event. `lost`: it is numbered, and never comes."""
        told = {"event": event, "data": data, "broadcast": {"channel_id": channel, "user_id": "", "team_id": ""}, "seq": self.sequence}
        self.sequence += 1
        if lost:
            return
        self.told.append(told)
        for _ in range(2 if twice else 1):
            await self.send(told)

    async def send(self, told: dict[str, Any]) -> None:
        """By its socket, if somebody is there."""
        if self.socket is not None and not self.socket.closed:
            with contextlib.suppress(ConnectionError):
                await self.socket.send_json(told)


class Twin:
    """A team with a bot, two people and another bot."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._time = 0
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.lines: dict[str, Line] = {}
        self.posts: dict[str, dict[str, Any]] = {}
        self.files: dict[str, tuple[dict[str, Any], bytes]] = {}
        self.pending: dict[str, str] = {}
        self.answers: list[Any] = []
        self.responses: list[Any] = []
        self._gap = self._twice = 0
        self.token = "right"
        self.silent = self.stiff = False
        self.users = {
            BOT: _user(BOT, "hulk", is_bot=True), ROBO: _user(ROBO, "robo", is_bot=True),
            ANA: _user(ANA, "ana", nickname="Ana ✨", email="Ana@Example.com", locale="pt-BR"), BRUNO: _user(BRUNO, "bruno"),
        }  # fmt: skip
        self.rooms = {
            TOWN: _room(TOWN, "O", "town-square", TEAM), ELSEWHERE: _room(ELSEWHERE, "P", "cofre", OTHER),
            DIRECT: _room(DIRECT, "D", f"{ANA}__{BOT}"), FEW: _room(FEW, "G", "few"),
        }  # fmt: skip
        der = self._key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        self.config = {
            "MaxPostSize": "16383", "MaxFileSize": "104857600", "RequireEmailVerification": "true", "Version": "11.11.1",
            "FeatureFlagMmBlocksEnabled": "true", "PostEditTimeLimit": "-1", "AsymmetricSigningPublicKey": base64.b64encode(der).decode(),
        }  # fmt: skip

    def be(self, how: dict[str, Any]) -> None:
        """`config` and `users` are changed by their fields; `token` is what it knows; `silent`: no word by websocket; `stiff`: the
        bot may change no post; `gone`: posts."""
        self.config |= how.get("config", {})
        for id_, fields in how.get("users", {}).items():
            self.users[id_] |= fields
        self.token, self.silent = how.get("token", self.token), how.get("silent", self.silent)
        self.stiff = how.get("stiff", self.stiff)
        for id_ in how.get("gone", ()):
            del self.posts[id_]

    def error(self, status: int, said: str = "Something went wrong.") -> web.Response:
        """As the server tells of it (`AppError`). One that limits how often it is asked tells when to come again."""
        headers = {"X-RateLimit-Limit": "101", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "3"} if status == 429 else {}
        told = {"id": _ERRORS.get(status, "api.error"), "message": said, "request_id": made_id("req"), "status_code": status}
        return web.json_response(told, status=status, headers=headers)

    def routes(self) -> list[Route]:
        """What may be asked."""
        return [
            Route("GET", f"{API}/users/{{id}}", self._get_user), Route("GET", f"{API}/users/me/channels", self._my_rooms),
            Route("GET", f"{API}/channels/{{id}}", self._get_room), Route("POST", f"{API}/channels/direct", self._direct),
            Route("GET", f"{API}/channels/{{id}}/posts", self._page), Route("POST", f"{API}/posts", self._create),
            Route("PUT", f"{API}/posts/{{id}}/patch", self._patch), Route("DELETE", f"{API}/posts/{{id}}", self._delete),
            Route("GET", f"{API}/posts/{{id}}", self._get_post), Route("GET", f"{API}/posts/{{id}}/thread", self._thread),
            Route("POST", f"{API}/files", self._upload), Route("GET", f"{API}/files/{{id}}", self._download),
            Route("POST", f"{API}/users/me/typing", self._typing), Route("GET", f"{API}/config/client", self._client),
            Route("GET", f"{API}/teams/name/{{name}}", self._team), Route("GET", f"{API}/websocket", self._websocket),
            Route("POST", "/hooks/commands/{id}", self._response), Route("POST", "/twin/{what}", self._twin),
        ]  # fmt: skip

    def _let(self, request: web.Request) -> None:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            raise Answer(self.error(401, "Invalid or expired session, please login again."))

    def _json(self, request: web.Request, told: Any, status: int = 200) -> web.Response:
        self.answers.append({"method": request.method, "path": request.path, "status": status, "body": told})
        return web.json_response(told, status=status)

    def _found(self, among: dict[str, Any], id_: str) -> Any:
        if id_ not in among:
            raise Answer(self.error(404, "Unable to find it."))
        return among[id_]

    async def _get_user(self, request: web.Request, **part: str) -> web.Response:
        self._let(request)
        user = self._found(self.users, BOT if part["id"] == "me" else part["id"])
        return self._json(request, {name: value for name, value in user.items() if name != "email_verified" or value})

    async def _my_rooms(self, request: web.Request) -> web.Response:
        self._let(request)
        return self._json(request, list(self.rooms.values()))

    async def _get_room(self, request: web.Request, **part: str) -> web.Response:
        self._let(request)
        return self._json(request, self._found(self.rooms, part["id"]))

    async def _direct(self, request: web.Request) -> web.Response:
        self._let(request)
        if {*await request.json()} != {BOT, ANA}:
            raise Answer(self.error(400, "Invalid users."))
        return self._json(request, self.rooms[DIRECT], 201)

    async def _page(self, request: web.Request, **part: str) -> web.Response:
        """`after` is told the nearest that came after it; what was removed is nowhere, and nothing came after it."""
        self._let(request)
        self._found(self.rooms, part["id"])
        size, query = min(int(request.query.get("per_page", 60)), 200), request.query
        if "page" in query or "since" in query:
            raise Answer(self.error(400, "The twin has no pages."))
        all_ = sorted((one for one in self.posts.values() if one["channel_id"] == part["id"] and not one["delete_at"]), key=_when)
        if "after" in query:
            at = self.posts[query["after"]]["create_at"] if query["after"] in self.posts else 1 << 62
            rest = [one for one in all_ if one["create_at"] > at]
            return self._listed(request, rest[:size], next_=rest[size:])
        if "before" in query:
            at = self.posts[query["before"]]["create_at"] if query["before"] in self.posts else -1
            all_ = [one for one in all_ if one["create_at"] < at]
        return self._listed(request, all_[-size:])

    def _listed(self, request: web.Request, posts: list[dict[str, Any]], next_: Any = (), *, more: bool = False) -> web.Response:
        roots = [self.posts[one["root_id"]] for one in posts if one["root_id"] in self.posts]
        told = {
            "order": [one["id"] for one in reversed(posts)], "posts": {one["id"]: one for one in (*posts, *roots)},
            "next_post_id": next_[0]["id"] if next_ else "", "prev_post_id": "", "has_next": more,
        }  # fmt: skip
        return self._json(request, told)

    async def _thread(self, request: web.Request, **part: str) -> web.Response:
        """`direction=up` is the newest first; the first post stands in each page."""
        self._let(request)
        root, query = self._found(self.posts, part["id"]), request.query
        if query.get("direction") not in (None, "up", "down") or ("fromPost" in query) != ("fromCreateAt" in query):
            raise Answer(self.error(400, "Invalid direction."))
        answers = sorted((one for one in self.posts.values() if one["root_id"] == root["id"] and not one["delete_at"]), key=_when)
        if "fromCreateAt" in query:
            answers = [one for one in answers if one["create_at"] < int(query["fromCreateAt"])]
        size = int(query.get("perPage", 0)) or len(answers) or 1
        return self._listed(request, [root, *answers[-size:]], more=len(answers) > size)

    async def _get_post(self, request: web.Request, **part: str) -> web.Response:
        self._let(request)
        return self._json(request, self._found(self.posts, part["id"]))

    async def _create(self, request: web.Request) -> web.Response:
        """A `pending_post_id` that was seen is answered with its post; an answer to an answer is refused."""
        self._let(request)
        given = await request.json()
        if (before := self.pending.get(given.get("pending_post_id", ""))) is not None:
            return self._json(request, self.posts[before], 201)
        self._found(self.rooms, given["channel_id"])
        root = given.get("root_id", "")
        if root and (root not in self.posts or self.posts[root]["root_id"]):
            raise Answer(self.error(400, "Invalid RootId parameter."))
        if len(given["message"]) > int(self.config["MaxPostSize"]) or len(given.get("file_ids", ())) > 10:
            raise Answer(self.error(400, "Post Message property is longer than the maximum permitted length."))
        props = {**given.get("props", {}), "from_bot": "true"}
        kept = {name: given[name] for name in ("channel_id", "message", "root_id", "file_ids", "pending_post_id") if name in given}
        post = await self._said({**kept, "user_id": BOT, "props": props})
        self.pending[given.get("pending_post_id", "")] = post["id"]
        return self._json(request, post, 201)

    async def _patch(self, request: web.Request, **part: str) -> web.Response:
        """A post of the bot's says something else (`App.PatchPost`): what is given of its fields takes their place, the properties as a
        whole. One that is deleted, another's, or older than the server allows is not changed."""
        post, given = self._own(request, part["id"]), await request.json()
        limit = int(self.config["PostEditTimeLimit"])
        if post["delete_at"]:
            raise Answer(self.error(400, f"Already deleted id={post['id']}."))
        if limit >= 0 and time.time() * 1000 > post["create_at"] + limit * 1000:
            raise Answer(self.error(400, f"Post edit is only allowed for {limit} seconds."))
        if len(given.get("message", "")) > int(self.config["MaxPostSize"]):
            raise Answer(self.error(400, "Post Message property is longer than the maximum permitted length."))
        fields = {name: given[name] for name in ("message", "props") if name in given}
        if fields != {name: post[name] for name in fields}:
            await self.do_edit(post["id"], fields.pop("message", post["message"]))
            post |= fields
        return self._json(request, post)

    async def _delete(self, request: web.Request, **part: str) -> web.Response:
        """A post of the bot's is deleted."""
        post = self._own(request, part["id"])
        if post["delete_at"]:
            raise Answer(self.error(404, "Unable to find it."))
        await self.do_delete(post["id"])
        return self._json(request, {"status": "OK"})

    def _own(self, request: web.Request, id_: str) -> dict[str, Any]:
        self._let(request)
        post: dict[str, Any] = self._found(self.posts, id_)
        if post["user_id"] != BOT or self.stiff:
            raise Answer(self.error(403, "You do not have the appropriate permissions."))
        return post

    async def _said(self, given: dict[str, Any]) -> dict[str, Any]:
        self._time = given.pop("at", None) or max(self._time + 1, int(time.time() * 1000))
        post = {
            "id": made_id("post", next(self._numbers)), "create_at": self._time, "update_at": self._time, "edit_at": 0, "delete_at": 0,
            "root_id": "", "original_id": "", "message": "", "type": "", "props": {}, "hashtag": "", "pending_post_id": "", **given,
        }  # fmt: skip
        infos = [self.files[one][0] for one in post.get("file_ids", ()) if one in self.files]
        post["metadata"] = {"files": infos} if infos else {}
        self.posts[post["id"]] = post
        room = self.rooms[post["channel_id"]]
        room["last_post_at"] = max(room["last_post_at"], post["create_at"])
        data = {"channel_type": room["type"], "channel_name": room["name"], "post": json.dumps(post), "sender_name": "@x"}
        await self._tell("posted", data, room["id"])
        return post

    async def _tell(self, event: str, data: dict[str, Any], channel: str) -> None:
        lost, twice = self._gap > 0, self._twice > 0
        self._gap, self._twice = max(self._gap - 1, 0), max(self._twice - 1, 0)
        for line in list(self.lines.values()):
            await line.tell(event, data, channel, lost=lost, twice=twice)

    async def _upload(self, request: web.Request) -> web.Response:
        self._let(request)
        whole = b"Content-Type: " + request.headers["Content-Type"].encode() + b"\r\n\r\n" + await request.read()
        parts: dict[Any, Any] = {one.get_param("name", header="content-disposition"): one for one in email.message_from_bytes(whole).walk()}
        self._found(self.rooms, parts["channel_id"].get_payload().strip())
        name = re.findall(rb'filename="([^"]*)"', whole)[0].decode()
        return self._json(request, {"file_infos": [self._kept(name, parts["files"].get_payload(decode=True), BOT)], "client_ids": []}, 201)

    def _kept(self, name: str, content: bytes, user: str, kind: str = "text/plain") -> dict[str, Any]:
        info = {
            "id": made_id("file", next(self._numbers)), "user_id": user, "name": name, "extension": name.rpartition(".")[2],
            "size": len(content), "mime_type": kind, "create_at": 1, "update_at": 1, "delete_at": 0,
        }  # fmt: skip
        self.files[str(info["id"])] = info, content
        return info

    async def _download(self, request: web.Request, **part: str) -> web.Response:
        self._let(request)
        return web.Response(body=self._found(self.files, part["id"])[1])

    async def _typing(self, request: web.Request) -> web.Response:
        self._let(request)
        return self._json(request, {"status": "OK"})

    async def _client(self, request: web.Request) -> web.Response:
        if request.query.get("format") != "old":
            raise Answer(self.error(400, "Invalid or missing format."))
        return self._json(request, self.config)

    async def _team(self, request: web.Request, **part: str) -> web.Response:
        self._let(request)
        return self._json(request, self._found({"loja": {"id": TEAM, "name": "loja", "display_name": "Loja"}}, part["name"]))

    async def _response(self, request: web.Request, **part: str) -> web.Response:
        """Of each address, five are taken (`app.command_webhook.try_use`)."""
        if sum(one["hook"] == part["id"] for one in self.responses) >= 5:
            raise Answer(self.error(400, "Unable to use the webhook."))
        self.responses.append({"hook": part["id"], "body": await request.json()})
        return web.json_response({"status": "ok"})

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        line = await self._begun(socket, request) if request.headers.get("Authorization") == f"Bearer {self.token}" else None
        async for message in socket:
            told = message.json()
            if told["action"] == "authentication_challenge" and line is None:
                if told["data"].get("token") != self.token:
                    break
                line = await self._begun(socket, None)
                await socket.send_json({"status": "OK", "seq_reply": told["seq"]})
            if told["action"] == "ping" and line is None:
                await socket.send_json({"status": "FAIL", "error": {"id": "not_authenticated"}, "seq_reply": told["seq"]})
            if told["action"] == "ping" and line is not None and not self.silent:
                await socket.send_json({"status": "OK", "data": {"text": "pong"}, "seq_reply": told["seq"]})
        return socket

    async def _begun(self, socket: web.WebSocketResponse, request: web.Request | None) -> Line:
        """Taken up where it was cut, if all is still there that came since; else begun anew, with a hello."""
        query = request.query if request is not None else {}
        before = self.lines.get(query.get("connection_id", ""))
        wanted = int(query.get("sequence_number") or 0)
        if before is not None and (wanted == before.sequence or any(one["seq"] == wanted for one in before.told)):
            before.socket = socket
            for one in [one for one in before.told if one["seq"] >= wanted]:
                await before.send(one)
            return before
        self.lines.pop(before.id if before else "", None)
        line = Line(made_id("line", next(self._numbers)), socket)
        self.lines[line.id] = line
        if not self.silent:
            await line.tell("hello", {"connection_id": line.id, "server_version": "11.11.1"})
        return line

    async def _twin(self, request: web.Request, **part: str) -> web.Response:
        how = await request.json() or {}
        return web.json_response(await getattr(self, f"do_{part['what']}")(**how))

    async def do_say(self, **how: Any) -> Any:
        """Somebody posts; `file` is a name and a text, or a name, a text and a type."""
        if "file" in how:
            name, content, *kind = how.pop("file")
            how["file_ids"] = [self._kept(name, content.encode(), how.get("user_id", ANA), *kind)["id"]]
        return await self._said({"user_id": ANA, "channel_id": DIRECT, **how})

    async def do_edit(self, post: str, message: str) -> Any:
        """What it said before stays as a row of its own, which is deleted (`original_id`)."""
        self._time += 1
        told = self.posts[post]
        old = {**told, "id": made_id("old", next(self._numbers)), "original_id": post, "delete_at": self._time}
        self.posts[old["id"]] = old
        told |= {"message": message, "edit_at": self._time, "update_at": self._time}
        await self._tell("post_edited", {"post": json.dumps(told)}, told["channel_id"])
        return told

    async def do_delete(self, post: str) -> Any:
        """It is marked as deleted."""
        self._time += 1
        told = self.posts[post]
        told["delete_at"] = self._time
        await self._tell("post_deleted", {"post": json.dumps(told)}, told["channel_id"])
        return told

    async def do_react(self, post: str, emoji: str = "+1", user: str = ANA, removed: bool = False) -> Any:
        """With a reaction, or without it any more."""
        self._time += 1
        told = {"user_id": user, "post_id": post, "emoji_name": emoji, "create_at": self._time}
        await self._tell(f"reaction_{'removed' if removed else 'added'}", {"reaction": json.dumps(told)}, self.posts[post]["channel_id"])
        return told

    async def do_tell(self, event: str, data: Any) -> Any:
        """Any event."""
        await self._tell(event, data, TOWN)
        return {}

    async def do_cut(self, forget: bool = False) -> Any:
        """All lines break; `forget`: they cannot be taken up again."""
        cut = list(self.lines.values())
        if forget:
            self.lines.clear()
        for line in cut:
            if line.socket is not None and not line.socket.closed:
                transport = line.socket._req.transport if line.socket._req else None
                if transport is not None:
                    transport.abort()
            line.socket = None
        return len(cut)

    async def do_gap(self, count: int = 1) -> Any:
        """The next events are numbered, and never come."""
        self._gap = count
        return {}

    async def do_twice(self, count: int = 1) -> Any:
        """The next events come twice."""
        self._twice = count
        return {}

    async def do_answers(self) -> Any:
        """All that was answered in JSON."""
        return self.answers

    async def do_responses(self) -> Any:
        """What was sent to the addresses of commands."""
        return self.responses

    async def do_posts(self) -> Any:
        """All of them."""
        return list(self.posts.values())

    async def do_trigger(self, user: str = ANA, ago: float = 0.0) -> Any:
        """A signed id of something that somebody did."""
        said = f"{made_id('trigger', next(self._numbers))}:{user}:{int((time.time() - ago) * 1000)}:".encode()
        signature = self._key.sign(said, ec.ECDSA(hashes.SHA256()))
        return base64.b64encode(said + base64.b64encode(signature)).decode()

    async def do_press(self, post: str, place: int = 0, user: str = ANA) -> Any:
        """Somebody presses a button of a post: the body that its address is sent, and the address."""
        told = self.posts[post]
        context, url = _integrations(told["props"])[place]
        body = {
            "user_id": user, "user_name": self.users[user]["username"], "channel_id": told["channel_id"], "channel_name": "x",
            "team_id": TEAM, "team_domain": "loja", "post_id": post, "trigger_id": await self.do_trigger(user), "type": "button",
            "data_source": "", "context": context,
        }  # fmt: skip
        return {"url": url, "body": body}


def _integrations(props: dict[str, Any]) -> list[tuple[Any, str]]:
    actions = props.get("mm_blocks_actions")
    if actions is not None:
        return [(actions[one["action_id"]]["context"], actions[one["action_id"]]["url"]) for one in props["mm_blocks"]]
    found = [one["integration"] for one in props["attachments"][0]["actions"]]
    return [(one["context"], one["url"]) for one in found]


def _when(post: dict[str, Any]) -> int:
    return int(post["create_at"])


def _user(id_: str, username: str, **more: Any) -> dict[str, Any]:
    told = {"id": id_, "username": username, "nickname": "", "first_name": "", "last_name": "", "email": "", "locale": "en"}
    return {**told, "create_at": 1, "update_at": 1, "delete_at": 0, "roles": "system_user", "is_bot": False, **more}


def _room(id_: str, kind: str, name: str, team: str = "") -> dict[str, Any]:
    told = {"id": id_, "type": kind, "name": name, "team_id": team, "display_name": name, "create_at": 1, "update_at": 1, "delete_at": 0}
    return {**told, "header": "", "purpose": "", "last_post_at": 0, "total_msg_count": 0, "creator_id": ""}
