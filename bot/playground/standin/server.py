"""The stand-in's HTTP server: routes, auth codes, the log of calls, and the way of one answer."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import web
from multidict import CIMultiDict

from bot.playground.standin import gemini_wire, openai_wire, signatures
from bot.playground.standin.answers import (
    Finish,
    Script,
    compose,
    compose_picture,
    wished_status,
)
from bot.playground.standin.credits import Ledger
from bot.playground.standin.delivery import Delivery, Manner
from bot.playground.standin.faults import Fault, FaultPlan
from bot.playground.standin.gemini_reply import GeminiReply
from bot.playground.standin.heard import Heard
from bot.playground.standin.journal import Outcome, ReceivedCall
from bot.playground.standin.models import CHAT_MODELS, IMAGE_MODELS, image_model
from bot.playground.standin.refusals import (
    RefusedError,
    gemini_error,
    openai_error,
    unauthorized,
)
from bot.playground.standin.studio import draw_part

# The gateway's long-standing figure for a whole request body.
BODY_MAX_BYTES = 20 * 1024 * 1024
_TEXT_SIGNATURE_CHARACTERS = 1024
_SLOW_FACTOR = 8

Handler = Callable[[web.Request, ReceivedCall, Fault], Awaitable[web.StreamResponse]]


class StandInGateway:
    """An offline gateway on 127.0.0.1; the settings may be changed between calls.

    Args:
        auth_code: The only code accepted. Without it every code is, except those that contain
            `wrong` or `invalid`.
        text: Answer exactly this instead of something that fits the question.
        reasoning: The visible thinking that goes with `text`.
        script: Decides over each answer instead of `text`.
        deltas_per_second: Pace of the OpenAI dialect's deltas of about four characters; the Gemini
            dialect sends the same number of characters a second. 0 sends everything at once.
        picture_seconds: How long a picture takes.
        slow_seconds: How long the answer to `slow` keeps silent at first.
        signature_characters: Size of a picture's thought signature; the real ones have 1.1 to
            1.5 million.
        picture_bytes: Pictures of the Gemini dialect are filled up to so many bytes.
        strict_signatures: Whether image models also refuse unsigned words in their own turns.
        keep_calls: How many calls the log remembers.
    """

    def __init__(
        self,
        *,
        auth_code: str | None = None,
        text: str | None = None,
        reasoning: str = "",
        script: Callable[[Heard], Script] | None = None,
        deltas_per_second: float = 60.0,
        picture_seconds: float = 1.5,
        slow_seconds: float = 3.0,
        signature_characters: int = 4096,
        picture_bytes: int | None = None,
        strict_signatures: bool = False,
        keep_calls: int = 100,
    ) -> None:
        self.auth_code = auth_code
        self.text = text
        self.reasoning = reasoning
        self.script = script
        self.deltas_per_second = deltas_per_second
        self.picture_seconds = picture_seconds
        self.slow_seconds = slow_seconds
        self.signature_characters = signature_characters
        self.picture_bytes = picture_bytes
        self.strict_signatures = strict_signatures
        self.calls: deque[ReceivedCall] = deque(maxlen=keep_calls)
        self.faults = FaultPlan()
        self.ledger = Ledger()
        self._runner: web.AppRunner | None = None
        self._port = 0
        self._nonce = 0

    @property
    def url(self) -> str:
        """The base URL, without a slash at the end."""
        return f"http://127.0.0.1:{self._port}"

    async def start(self, port: int = 0) -> None:
        """Listen; 0 takes any free port."""
        app = web.Application(client_max_size=BODY_MAX_BYTES)
        app.router.add_post("/v1/chat/completions", self._handler(self._chat))
        app.router.add_post("/v1beta/models/{call}", self._handler(self._gemini))
        app.router.add_get("/v1/models", self._handler(self._models))
        app.router.add_get("/api/v1/credits", self._handler(self._credits))
        # A caller that leaves ends its answer at once, as a closed connection does upstream.
        self._runner = web.AppRunner(
            app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening and drop the calls that still run."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> StandInGateway:
        await self.start()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.stop()

    def _handler(self, answer: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            call = ReceivedCall(
                method=request.method,
                path=request.path,
                query=dict(request.query),
                headers=CIMultiDict(request.headers),
                body=None,
                received_at=time.perf_counter(),
            )
            self.calls.append(call)
            try:
                response = await self._answer(request, call, answer)
            except asyncio.CancelledError:
                _abandon(call)
                raise
            except ConnectionError:
                _abandon(call)
                return web.Response(status=499)  # Nobody is there to read it.
            else:
                call.status = response.status
                if call.outcome is Outcome.RUNNING:
                    done = response.status < 400
                    call.outcome = Outcome.COMPLETE if done else Outcome.REFUSED
                return response
            finally:
                call.ended.set()

        return handle

    async def _answer(
        self, request: web.Request, call: ReceivedCall, answer: Handler
    ) -> web.StreamResponse:
        try:
            raw = await request.read()
        except web.HTTPRequestEntityTooLarge:
            # A reverse proxy says this before the gateway sees anything.
            page = "<html><body><h1>413 Request Entity Too Large</h1></body></html>"
            return web.Response(status=413, text=page, content_type="text/html")
        try:
            call.body = msgspec.json.decode(raw) if raw else None
        except msgspec.DecodeError:
            call.body = None
        fault = self.faults.take(request.path)
        if fault.first_byte_delay_seconds:
            await asyncio.sleep(fault.first_byte_delay_seconds)
        if fault.status is not None:
            return web.Response(
                status=fault.status,
                body=fault.body,
                content_type=fault.content_type,
                headers=fault.headers,
            )
        try:
            return await answer(request, call, fault)
        except RefusedError as refusal:
            return web.Response(
                status=refusal.status,
                body=refusal.body,
                content_type=refusal.content_type,
                headers=refusal.headers,
            )

    def _authorized(self, code: str) -> str:
        right = code == self.auth_code if self.auth_code is not None else bool(code)
        if not right or (self.auth_code is None and ("wrong" in code or "invalid" in code)):
            raise unauthorized()
        return code

    def _bearer(self, request: web.Request) -> str:
        scheme, _, code = request.headers.get("Authorization", "").partition(" ")
        return self._authorized(code.strip() if scheme.lower() == "bearer" else "")

    async def _models(
        self, request: web.Request, _call: ReceivedCall, _fault: Fault
    ) -> web.Response:
        ids = [*CHAT_MODELS, *IMAGE_MODELS]
        if "x-goog-api-key" in request.headers:
            self._authorized(request.headers["x-goog-api-key"])
            listed = [{"name": f"models/{model}", "displayName": model} for model in ids]
            return _json({"models": listed, "nextPageToken": None})
        self._bearer(request)
        entries = [
            {
                "id": model,
                "object": "model",
                "created": 1626777600,
                "owned_by": "custom",
                "supported_endpoint_types": ["openai", "gemini"],
            }
            for model in ids
        ]
        return _json({"object": "list", "data": entries})

    async def _credits(
        self, request: web.Request, _call: ReceivedCall, _fault: Fault
    ) -> web.Response:
        self._bearer(request)
        return _json(self.ledger.statement(dict(request.query)))

    async def _chat(
        self, request: web.Request, call: ReceivedCall, fault: Fault
    ) -> web.StreamResponse:
        self._bearer(request)
        asked = openai_wire.read_call(await request.read())
        heard = openai_wire.heard(asked)
        status = wished_status(heard.prompt)
        if status == 402:
            # This host answers an empty balance, and some rate limits, with this and no more.
            raise RefusedError(402, b"Error", content_type="text/plain")
        if status is not None:
            raise openai_error(
                status,
                "The stand-in was asked to fail. (request id: standin)",
                kind="rate_limit_error" if status == 429 else "server_error",
                code="rate_limit_exceeded" if status == 429 else "asked_to_fail",
                headers={"x-should-retry": "false"},
            )
        draws = image_model(asked.model) is not None
        script = await self._script(heard, draws=draws)
        if script.finish is Finish.BLOCKED:
            raise openai_error(
                400, "The prompt was blocked, as it asked to be.", code="content_policy_violation"
            )
        picture = ""
        if draws and script.draws and script.text and script.finish is Finish.STOP:
            await asyncio.sleep(self.picture_seconds)
            part = await asyncio.to_thread(draw_part, heard, None, None, None)
            blob = part["inlineData"]
            picture = f"data:{blob['mimeType']};base64,{blob['data']}"
        counts = openai_wire.usage(asked, script)
        self.ledger.charge(asked.model, counts["prompt_tokens"], counts["completion_tokens"])
        if asked.stream:
            manner = self._manner(script, crlf=False, done=True)
            events = openai_wire.events(asked, script, picture)
            return await Delivery(request, call, fault).stream(events, manner)
        await self._pause(script)
        if script.finish is Finish.BROKEN:
            return await _cut(request, call)
        return _json(openai_wire.reply(asked, script, picture), fault)

    async def _gemini(
        self, request: web.Request, call: ReceivedCall, fault: Fault
    ) -> web.StreamResponse:
        code = self._authorized(request.headers.get("x-goog-api-key", ""))
        model, _, method = request.match_info["call"].partition(":")
        if method not in ("generateContent", "streamGenerateContent"):
            raise gemini_error(404, f"Method {method} is not found for API version v1beta.")
        asked = gemini_wire.read_call(
            await request.read(), model, auth_code=code, strict=self.strict_signatures
        )
        heard = gemini_wire.heard(asked, model)
        status = wished_status(heard.prompt)
        if status is not None:
            raise gemini_error(
                status, "The stand-in was asked to fail.", headers={"x-should-retry": "false"}
            )
        kind = image_model(model)
        script = await self._script(heard, draws=kind is not None)
        reply = GeminiReply(asked, model, script, draws=kind is not None)
        signs = model.startswith("gemini-3") or (kind is not None and not kind.older)

        def sign(content: bytes) -> str:
            self._nonce += 1
            size = self.signature_characters if kind else _TEXT_SIGNATURE_CHARACTERS
            nonce = f"{time.time_ns()}:{self._nonce}".encode()
            return signatures.sign(code, model, content, characters=size, nonce=nonce)

        async def pictures() -> AsyncIterator[dict[str, Any]]:
            await asyncio.sleep(self.picture_seconds)
            if script.reasoning:
                # The pictures a model shows while thinking are drafts and carry no signature.
                draft = await asyncio.to_thread(draw_part, heard, kind, None, None)
                yield {**draft, "thought": True}
            yield await asyncio.to_thread(
                draw_part,
                heard,
                kind,
                asked.image_config,
                sign if signs else None,
                self.picture_bytes,
            )

        draws = kind is not None and script.draws and script.finish is Finish.STOP
        drawing = pictures() if draws and script.text else None
        self.ledger.charge(model, len(heard.prompt) // 4, len(script.text) // 4 + 1120 * bool(kind))
        if method == "streamGenerateContent" and request.query.get("alt") == "sse":
            manner = self._manner(script, crlf=True, done=False)
            events = reply.events(drawing, sign if signs else None)
            return await Delivery(request, call, fault).stream(events, manner)
        await self._pause(script)
        if script.finish is Finish.BROKEN:
            return await _cut(request, call)
        whole = await reply.whole(drawing, sign if signs else None)
        # Without `alt=sse` the streaming method answers with an array.
        return _json([whole] if method == "streamGenerateContent" else whole, fault)

    async def _script(self, heard: Heard, *, draws: bool) -> Script:
        if self.script is None and self.text is not None:
            return Script(text=self.text, reasoning=self.reasoning)
        if self.script is not None:
            script = self.script(heard)
        elif draws:
            script = compose_picture(heard)
        elif heard.pictures:
            # Looking at pictures means decoding them.
            script = await asyncio.to_thread(compose, heard)
        else:
            script = compose(heard)
        if script.slow:
            await asyncio.sleep(self.slow_seconds)
        return script

    def _manner(self, script: Script, *, crlf: bool, done: bool) -> Manner:
        rate = self.deltas_per_second / (_SLOW_FACTOR if script.slow else 1)
        return Manner(
            rate,
            crlf=crlf,
            done=done,
            breaks=script.finish is Finish.BROKEN,
            headers=(("Content-Disposition", "attachment"),) if crlf else (),
        )

    async def _pause(self, script: Script) -> None:
        if self.deltas_per_second:
            characters = len(script.text) + len(script.reasoning)
            await asyncio.sleep(characters / 4 / self.deltas_per_second)


def _abandon(call: ReceivedCall) -> None:
    if call.outcome is Outcome.RUNNING:
        call.outcome = Outcome.ABANDONED


def _json(body: Any, fault: Fault | None = None) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(body),
        content_type="application/json",
        headers=fault.headers if fault else None,
    )


async def _cut(request: web.Request, call: ReceivedCall) -> web.StreamResponse:
    call.outcome = Outcome.CUT
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(b'{"')
    if request.transport is not None:
        request.transport.close()
    return response
