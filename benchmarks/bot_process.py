"""The bot under test: `python -m bot` in a process of its own, as an operator starts it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from bot.playground.discord import LoopbackDiscord
from bot.playground.standin import StandInGateway

ROOT = Path(__file__).parents[1]
STOP_SECONDS = 30
_TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")


def settings(discord: LoopbackDiscord, gateway: StandInGateway, folder: Path) -> dict[str, str]:
    """The environment of a bot that talks to these two and remembers in this folder."""
    return {
        "DISCORD_TOKEN": discord.token,
        "DISCORD_API_URL": discord.api_url,
        "LIAOBOTS_AUTH_CODE": "benchmark",
        "LIAOBOTS_BASE_URL": gateway.url,
        "LIAOBOTS_BACKUP_URLS": gateway.url,
        "DATABASE_URL": database_url(folder),
        # The benchmarks' one member asks everywhere at once.
        "MEMBER_REPLIES": "1000",
    }


def database_url(folder: Path) -> str:
    """Where a bot with these settings remembers."""
    return f"sqlite:///{folder}/bot.sqlite3"


class BotProcess:
    """A running bot; its processor time is the kernel's account of it, in steps of 10 ms."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self._log = log

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.returncode is None

    def cpu_seconds(self) -> float:
        """Processor time used so far by all its threads, user and system."""
        stat = Path(f"/proc/{self._process.pid}/stat").read_text()
        # The second field is the program's name in brackets and may hold anything.
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * _TICK_SECONDS

    def terminate(self) -> None:
        """Ask it to stop, as hosts do (SIGTERM)."""
        self._process.terminate()

    async def kill(self) -> None:
        """End it at once (SIGKILL)."""
        self._process.kill()
        await self._process.wait()

    async def ended(self, seconds: float = STOP_SECONDS) -> int:
        """Wait for its end; the exit code."""
        async with asyncio.timeout(seconds):
            return await self._process.wait()

    def log_lines(self) -> list[str]:
        """Everything it logged."""
        return self._log.read_text().splitlines()


@asynccontextmanager
async def running_bot(
    environment: Mapping[str, str],
    folder: Path,
    *,
    profile: Path | None = None,
    program: Sequence[str] = ("-m", "bot"),
) -> AsyncIterator[BotProcess]:
    """Start the bot in a folder of its own, and stop it in good order; `profile` is cProfile's
    file, its path absolute, `program` what Python runs."""
    log = folder / "bot.log"
    profiler = ["-m", "cProfile", "-o", str(profile)] if profile else []
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, *profiler, *program),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder,
            env={**_inherited(), **environment, "PYTHONPATH": str(ROOT)},
        )
    try:
        yield BotProcess(process, log)
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(STOP_SECONDS):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


def _inherited() -> dict[str, str]:
    """Where programs are found; nothing that could be a setting of the bot."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
