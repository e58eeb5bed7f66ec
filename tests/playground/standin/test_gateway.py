import asyncio
import io

import aiohttp
import pytest

from bot.playground.standin import Fault, Outcome, StandInGateway
from tests.playground.standin.wire import (
    CHAT,
    chat_body,
    chat_text,
    gemini_body,
    gemini_path,
    read_events,
)


@pytest.mark.parametrize("code", ["", "Bearer wrong", "Bearer is-invalid", "Basic code"])
async def test_a_wrong_auth_code_is_refused_without_an_error_object(
    gateway: StandInGateway, code: str
):
    async with (
        aiohttp.ClientSession(gateway.url) as caller,
        caller.get("/api/v1/credits", headers={"Authorization": code}) as response,
    ):
        assert (response.status, await response.json()) == (401, {"message": "401 Unauthorized"})


async def test_each_dialect_reads_its_own_header_only(gateway: StandInGateway):
    async with aiohttp.ClientSession(gateway.url, headers={"x-goog-api-key": "code"}) as caller:
        async with caller.post(CHAT, json=chat_body("Hi")) as response:
            assert response.status == 401
        path = gemini_path("gemini-3.8-flash")
        async with caller.post(path, json=gemini_body({"text": "Hi"})) as response:
            assert response.status == 200


async def test_a_configured_code_is_the_only_one_accepted(
    gateway: StandInGateway, session: aiohttp.ClientSession
):
    gateway.auth_code = "the-one"
    async with session.get("/api/v1/credits") as response:
        assert response.status == 401
    right = {"Authorization": "Bearer the-one"}
    async with session.get("/api/v1/credits", headers=right) as response:
        assert response.status == 200


async def test_calls_are_charged_and_listed_page_by_page(session: aiohttp.ClientSession):
    for _ in range(3):
        await session.post(CHAT, json=chat_body("Hi"))
    query = {"include_usage": "true", "pageSize": "2"}
    async with session.get("/api/v1/credits", params=query) as response:
        data = (await response.json())["data"]
    assert data["balance"] < 12.5
    assert [entry["id"] for entry in data["usage"]["list"]] == [3, 2]
    query["nextId"] = data["usage"]["nextId"]
    async with session.get("/api/v1/credits", params=query) as response:
        usage = (await response.json())["data"]["usage"]
    assert ([entry["id"] for entry in usage["list"]], usage["nextId"]) == ([1], "")


async def test_models_are_listed_in_the_form_of_the_credentials(gateway: StandInGateway):
    async with aiohttp.ClientSession(gateway.url) as caller:
        bearer = {"Authorization": "Bearer code"}
        async with caller.get("/v1/models", headers=bearer) as response:
            ids = [entry["id"] for entry in (await response.json())["data"]]
        async with caller.get("/v1/models", headers={"x-goog-api-key": "code"}) as response:
            names = [entry["name"] for entry in (await response.json())["models"]]
    assert "gpt-4o" in ids
    assert names == [f"models/{model}" for model in ids]


async def test_the_log_keeps_what_was_asked(
    gateway: StandInGateway, session: aiohttp.ClientSession
):
    body = chat_body("Hi", temperature=1)
    await session.post(CHAT, json=body)
    call = gateway.calls[-1]
    assert (call.method, call.path, call.body) == ("POST", CHAT, body)
    assert call.headers["Authorization"] == "Bearer code"
    assert (call.status, call.outcome) == (200, Outcome.COMPLETE)


async def test_a_planned_failure_happens_so_often_and_only_there(
    gateway: StandInGateway, session: aiohttp.ClientSession
):
    fault = Fault(status=429, body=b"{}", headers={"Retry-After": "7"})
    gateway.faults.add(fault, times=2, path="chat")
    async with session.get("/api/v1/credits") as response:
        assert response.status == 200
    statuses = []
    for _ in range(3):
        async with session.post(CHAT, json=chat_body("Hi")) as response:
            statuses.append((response.status, response.headers.get("Retry-After")))
    assert statuses == [(429, "7"), (429, "7"), (200, None)]


async def test_a_planned_cut_ends_the_stream_after_so_many_events(
    gateway: StandInGateway, session: aiohttp.ClientSession
):
    gateway.faults.add(Fault(cut_after_events=3))
    async with session.post(CHAT, json=chat_body("Hi", stream=True)) as response:
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.read()
    assert (gateway.calls[-1].events_sent, gateway.calls[-1].outcome) == (3, Outcome.CUT)


async def test_a_cut_may_end_with_an_error_event_on_a_whole_body(
    gateway: StandInGateway, session: aiohttp.ClientSession
):
    last = b'data: {"error": {"message": "overloaded"}}\n\n'
    gateway.faults.add(Fault(cut_after_events=3, final_bytes=last, drops_connection=False))
    async with session.post(CHAT, json=chat_body("Hi", stream=True)) as response:
        events = await read_events(response)
    assert len(events) == 4
    assert events[-1] == {"error": {"message": "overloaded"}}


async def test_a_stalled_stream_trickles_until_the_caller_leaves(
    gateway: StandInGateway, session: aiohttp.ClientSession
):
    gateway.faults.add(Fault(stall_after_events=3, trickle=b": PING\n\n"))
    async with session.post(CHAT, json=chat_body("Hi", stream=True)) as response:
        while (await response.content.readuntil(b"\n\n")) != b": PING\n\n":
            pass
        assert await response.content.readuntil(b"\n\n") == b": PING\n\n"
        response.close()
    async with asyncio.timeout(5):
        await gateway.calls[-1].ended.wait()
    assert (gateway.calls[-1].events_sent, gateway.calls[-1].outcome) == (3, Outcome.ABANDONED)


async def test_spelling_faults_change_the_bytes_but_not_the_answer(
    gateway: StandInGateway, session: aiohttp.ClientSession
):
    gateway.text = "größer 👍"
    gateway.faults.add(Fault(piece_bytes=1, crlf=True, drop_done=True, prelude=b": PING\r\n\r\n"))
    async with session.post(CHAT, json=chat_body("Hi", stream=True)) as response:
        raw = await response.read()
    comment, rest = raw.split(b"\r\n\r\n", 1)
    assert comment == b": PING"
    assert b"[DONE]" not in rest
    assert b"\r\n\r\n" in rest


async def test_a_caller_who_leaves_is_noted(
    gateway: StandInGateway, session: aiohttp.ClientSession
):
    gateway.deltas_per_second = 20
    async with session.post(CHAT, json=chat_body("long", stream=True)) as response:
        await response.content.readany()
        response.close()
    call = gateway.calls[-1]
    async with asyncio.timeout(5):
        await call.ended.wait()
    assert call.outcome is Outcome.ABANDONED


async def test_deltas_come_at_the_set_pace(gateway: StandInGateway, session: aiohttp.ClientSession):
    gateway.text, gateway.deltas_per_second = "word " * 20, 200
    async with session.post(CHAT, json=chat_body("Hi", stream=True)) as response:
        assert chat_text(await read_events(response)) == gateway.text
    call = gateway.calls[-1]
    assert call.first_byte_at is not None
    assert call.last_byte_at is not None
    assert 0.09 <= call.last_byte_at - call.first_byte_at < 1


async def test_a_body_above_the_proxys_limit_is_refused_with_a_page(
    session: aiohttp.ClientSession,
):
    async with session.post(CHAT, data=io.BytesIO(bytes(21 * 1024 * 1024))) as response:
        assert (response.status, response.content_type) == (413, "text/html")
