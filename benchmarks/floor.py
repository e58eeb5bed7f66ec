"""What the wire alone costs: one REST round trip of a bare client in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp

from benchmarks.bot_process import ROOT

_MESSAGES_PER_CHANNEL = 4  # Discord allows five, and as many edits, in five seconds
_PAUSE_SECONDS = 0.03  # stays below fifty requests a second
_TOKEN = "BENCHMARK_TOKEN"


@dataclass(frozen=True, slots=True)
class Floor:
    """Medians in seconds."""

    create: float
    """Sending the first words of a reply."""
    edit: float
    """Showing a whole page."""


async def measure(api_url: str, token: str, channel_ids: Sequence[int], page: str) -> Floor:
    """Let a bare client send and edit messages, one after the other."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__, api_url, page, *map(str, channel_ids)),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, _TOKEN: token},
    )
    output, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"the bare client failed with code {process.returncode}")
    create, edit = json.loads(output)
    return Floor(create, edit)


async def _client(api_url: str, page: str, channel_ids: Sequence[str]) -> tuple[float, float]:
    creates, edits = [], []
    headers = {"Authorization": f"Bot {os.environ[_TOKEN]}"}
    async with aiohttp.ClientSession(headers=headers, raise_for_status=True) as session:
        for channel_id in channel_ids:
            messages = f"{api_url}/channels/{channel_id}/messages"
            for _ in range(_MESSAGES_PER_CHANNEL):
                seconds, message = await _timed(session, "POST", messages, "The")
                creates.append(seconds)
                seconds, _ = await _timed(session, "PATCH", f"{messages}/{message['id']}", page)
                edits.append(seconds)
    return statistics.median(creates), statistics.median(edits)


async def _timed(
    session: aiohttp.ClientSession, method: str, url: str, content: str
) -> tuple[float, dict[str, str]]:
    await asyncio.sleep(_PAUSE_SECONDS)
    began = time.perf_counter()
    async with session.request(method, url, json={"content": content}) as response:
        message: dict[str, str] = await response.json()
    return time.perf_counter() - began, message


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_client(sys.argv[1], sys.argv[2], sys.argv[3:]))))
