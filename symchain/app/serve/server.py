"""The HTTP side of `symchain serve`: one page, its static files, and one address a task, each behind the same checks.

Nothing here derives or reads a program: requests go to worker processes. Who asks is checked by the names of host and origin, what is
sent by its type and size; no answer may be framed, and nothing outside of this server is ever loaded.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from symchain.app.workers.limits import DOCUMENT, KINDS, PROGRAM, SECONDS, language, message
from symchain.app.workers.pool import Pool
from symchain.render.svg import STYLE
from symchain.wording import LANGUAGES

if TYPE_CHECKING:  # an extra: the module is imported without it too
    from anyio import CapacityLimiter
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HERE = Path(__file__).parent / "static"
VENDOR = Path(__file__).parents[2] / "render" / "page" / "vendor"
LARGEST = 4 * DOCUMENT + 4 * PROGRAM
"""Bytes of a request: the texts in UTF-8, and room for the rest."""
WAITING = 200
"""So many requests may wait at once; more are told that the server is busy."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self' data:; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "x-frame-options": "DENY",
}
STATUS = {"refused": 422, "time": 503, "memory": 503, "large": 503, "busy": 503, "died": 503, "defect": 500}
_TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html"}


def application(pool: Pool, hosts: Sequence[str]) -> ASGIApp:
    """The ASGI application for a pool. `hosts` are the names by which it may be called, with the port where it is not the usual one."""
    from anyio import CapacityLimiter, to_thread
    from starlette.applications import Starlette
    from starlette.routing import Route

    limiter: list[CapacityLimiter] = []
    waiting = 0

    async def task(request: Request) -> Response:
        nonlocal waiting
        name = request.path_params["task"]
        if name not in SECONDS:
            return _told("there is no such task", 404)
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return _told("the content type must be application/json", 415)
        body = await _body(request)
        if body is None:
            return _told(f"a request has {LARGEST} bytes at most", 413)
        try:
            data = json.loads(body)
        except (ValueError, RecursionError):
            return _told("the request is not JSON", 400)
        if not isinstance(data, dict):
            return _told("the request is not a JSON object", 400)
        if waiting >= WAITING:
            return _answer({"kind": "busy"}, data)
        if not limiter:
            limiter.append(CapacityLimiter(WAITING))
        waiting += 1
        try:
            found = await to_thread.run_sync(pool.ask, name, data, limiter=limiter[0])
        finally:
            waiting -= 1
        return _answer(found, data)

    routes = [
        Route("/", _file("index.html"), methods=["GET"]),
        Route("/favicon.ico", _nothing, methods=["GET"]),
        Route("/words.json", _words, methods=["GET"]),
        Route("/graph.css", _graph_style, methods=["GET"]),
        *(Route(f"/{f.name}", _file(f.name), methods=["GET"]) for f in sorted(HERE.iterdir()) if f.suffix in (".js", ".css")),
        *(Route(f"/{f.name}", _file(f.name, VENDOR), methods=["GET"]) for f in sorted(VENDOR.iterdir()) if f.suffix in (".js", ".css")),
        Route("/api/{task}", task, methods=["POST"]),
    ]
    return _Guarded(Starlette(routes=routes), frozenset(h.lower() for h in hosts))


def _answer(found: Mapping[str, Any], data: Mapping[str, Any]) -> Response:
    from starlette.responses import JSONResponse

    kind = found["kind"]
    lang = language(data)
    body = {**found, "message": message(found, lang)} if kind in KINDS or kind == "refused" else found
    return JSONResponse(body, STATUS.get(kind, 200), {"retry-after": "2"} if kind == "busy" else None)


def _told(what: str, status: int) -> Response:
    from starlette.responses import JSONResponse

    return JSONResponse({"kind": "request", "message": what}, status)


async def _body(request: Request) -> bytes | None:
    """The body, or None where it is too large; no more of it is read than that."""
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > LARGEST:
            return None
    return bytes(found)


def _file(name: str, folder: Path = HERE) -> Callable[[Request], Any]:
    """The handler of one file that was read when the server began: no request names a path."""
    from starlette.responses import Response

    content = (folder / name).read_bytes()
    kind = _TYPES[Path(name).suffix]

    async def give(request: Request) -> Response:
        return Response(content, media_type=f"{kind}; charset=utf-8", headers={"cache-control": "no-cache"})

    return give


async def _words(request: Request) -> Response:
    """The sentences of the page in every language, each with its own name."""
    from starlette.responses import JSONResponse

    spoken = {
        code: {k.removeprefix("serve."): v for k, v in language.sentences.items() if k.startswith("serve.")}
        for code, language in LANGUAGES.items()
    }
    return JSONResponse({code: {"name": LANGUAGES[code].locale.name, **words} for code, words in spoken.items()})


async def _nothing(request: Request) -> Response:
    from starlette.responses import Response

    return Response(status_code=204)


async def _graph_style(request: Request) -> Response:
    from starlette.responses import Response

    return Response(STYLE, media_type="text/css; charset=utf-8")


class _Guarded:
    """Lets requests through that name this host and come from its own pages, and adds the headers to whatever is answered."""

    def __init__(self, inner: ASGIApp, hosts: frozenset[str]) -> None:
        self.inner, self.hosts = inner, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        from starlette.requests import ClientDisconnect
        from starlette.responses import PlainTextResponse

        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.inner(scope, receive, send)
            return

        async def sent(event: Message) -> None:
            if event["type"] == "http.response.start":
                own = [(k.encode(), v.encode()) for k, v in HEADERS.items()]
                given = list(event.get("headers", ()))
                if not any(k == b"cache-control" for k, _ in given):
                    own.append((b"cache-control", b"no-store"))
                event = {**event, "headers": [*given, *own]}
            await send(event)

        headers = [(k.decode("latin-1").lower(), v.decode("latin-1")) for k, v in scope["headers"]]
        refusal = self._refusal(headers)
        if refusal is not None:
            await PlainTextResponse(refusal, 403)(scope, receive, sent)
            return
        try:
            await self.inner(scope, receive, sent)
        except ClientDisconnect:  # the reader typed on, or left
            return

    def _refusal(self, headers: Sequence[tuple[str, str]]) -> str | None:
        hosts = [v.lower() for k, v in headers if k == "host"]
        if len(hosts) != 1 or hosts[0] not in self.hosts:
            return "symchain serve is not called by this name; see --public\n"
        for origin in (v for k, v in headers if k == "origin"):
            if urlsplit(origin).netloc.lower() not in self.hosts:
                return "requests from pages of other sites are refused\n"
        if any(k == "sec-fetch-site" and v not in ("same-origin", "none") for k, v in headers):
            dest = [v for k, v in headers if k == "sec-fetch-mode"]
            if dest != ["navigate"]:  # a link from elsewhere may lead here
                return "requests from pages of other sites are refused\n"
        return None


def names(port: int, public: Sequence[str] = ()) -> list[str]:
    """The hosts by which the server may be called: this machine's own, and those that it is published under."""
    return [f"{own}:{port}" for own in ("127.0.0.1", "localhost", "[::1]")] + list(public)


def run(host: str, port: int, public: Sequence[str], workers: int | None, started: Callable[[str], None]) -> None:
    """Serves until it is interrupted."""
    import uvicorn

    with Pool(workers) as pool:
        started(f"http://{host}:{port}/")
        uvicorn.run(
            application(pool, names(port, public)), host=host, port=port, log_level="warning", server_header=False,
            proxy_headers=bool(public), limit_concurrency=2 * WAITING, timeout_keep_alive=30, timeout_graceful_shutdown=2,
        )  # fmt: skip
