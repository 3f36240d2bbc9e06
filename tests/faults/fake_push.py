"""A stand-in for push services and FCM on loopback, as a process of its own. It knows nothing of the product.

It answers what it is told to, by the last part of an endpoint or by a token, and keeps what it took.

    python -m tests.faults.fake_push PORT
"""

import base64
import json
import sys
import time
from typing import Any

from aiohttp import web

SEND = "/v1/projects/{project}/messages:send"


class FakePush:
    def __init__(self) -> None:
        self.ledger: list[dict[str, Any]] = []
        self.scripts: dict[str, list[dict[str, Any]]] = {}

    def note(self, kind: str, name: str, topic: str, ttl: int, words: str, status: int) -> None:
        self.ledger.append(
            {"kind": kind, "name": name, "topic": topic, "ttl": ttl, "words": words, "status": status,
             "at": time.monotonic()}
        )  # fmt: skip

    def scripted(self, name: str) -> dict[str, Any] | None:
        waiting = self.scripts.get(name)
        return waiting.pop(0) if waiting else None

    async def push(self, request: web.Request) -> web.StreamResponse:
        name = request.path.rpartition("/")[2]
        body = await request.read()
        problem = self.problem_of(request, body)
        answer = {"status": 400} if problem else self.scripted(name) or {"status": 201}
        self.note("push", name, request.headers.get("Topic", ""), int(request.headers.get("TTL", 0)), problem,
                  answer["status"])  # fmt: skip
        return web.Response(status=answer["status"], headers=answer.get("headers"))

    @staticmethod
    def problem_of(request: web.Request, body: bytes) -> str:
        """What a push service would not take: not encrypted, not signed, no time to live (RFC 8030, 8188, 8292)."""
        kind, _, rest = request.headers.get("Authorization", "").partition(" ")
        parts = dict(one.split("=", 1) for one in rest.split(", ") if "=" in one)
        token = parts.get("t", "").split(".")
        claims = json.loads(base64.urlsafe_b64decode(token[1] + "==")) if len(token) == 3 else {}
        if kind != "vapid" or len(parts.get("k", "")) != 87 or not claims.get("aud", "").startswith("https://"):
            return "not signed"
        if request.headers.get("Content-Encoding") != "aes128gcm" or body[20:21] != b"\x41" or len(body) < 21 + 65 + 17:
            return "not encrypted"
        return "" if int(request.headers.get("TTL", 0)) > 0 else "no time to live"

    async def token(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        if form.get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" or not form.get("assertion"):
            return web.json_response({"error": "invalid_request"}, status=400)
        return web.json_response({"access_token": "granted", "expires_in": 3600})

    async def fcm(self, request: web.Request) -> web.StreamResponse:
        content = (await request.json())["message"]
        answer = self.scripted(content["token"]) or {"status": 200, "json": {"name": "projects/p/messages/1"}}
        if request.headers.get("Authorization") != "Bearer granted":
            answer = {"status": 401, "json": {"error": {"status": "UNAUTHENTICATED"}}}
        ttl = int(content["android"]["ttl"].rstrip("s"))
        words = json.dumps(content["notification"])
        self.note("fcm", content["token"], content["android"]["collapse_key"], ttl, words, answer["status"])
        return web.json_response(answer.get("json", {}), status=answer["status"], headers=answer.get("headers"))

    async def control(self, request: web.Request) -> web.StreamResponse:
        if request.method == "POST":
            self.scripts = await request.json()
        return web.json_response(self.ledger)


def main() -> None:
    fake, app = FakePush(), web.Application()
    app.router.add_route("*", "/control", fake.control)
    app.router.add_post("/token", fake.token)
    app.router.add_post(SEND, fake.fcm)
    app.router.add_post("/{host}/{rest:.*}", fake.push)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)


if __name__ == "__main__":
    main()
