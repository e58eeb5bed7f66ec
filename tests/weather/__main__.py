"""The command line: `python -m tests.weather crash | faults | soak [OPTION …]`."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path

from tests.postgres import PostgresMissingError, PostgresServer, postgres_server
from tests.weather import crash, faults, samples, soak
from tests.weather.kept import PostgresDatabase
from tests.weather.logs import errors
from tests.weather.scene import open_scene


def main() -> int:
    """Make the weather and tell what it broke; 1 when it broke something."""
    parser = argparse.ArgumentParser(prog="python -m tests.weather", description=__doc__)
    kinds = parser.add_subparsers(dest="kind", required=True)
    crashes = kinds.add_parser("crash", help="kill -9 at random moments")
    crashes.add_argument("--runs", type=int, default=100)
    crashes.add_argument(
        "--seed", type=int, default=1, help="of the first run; the next has one more"
    )
    crashes.add_argument("--postgres", action="store_true", help="remember there, not in SQLite")
    crashes.add_argument("--keep-log", type=Path, metavar="FILE", help="of the last run's bot")
    days = kinds.add_parser("faults", help="Discord's bad days, one after the other")
    days.add_argument("scenario", nargs="*", help=f"of {', '.join(faults.SCENARIOS)}")
    soaking = kinds.add_parser("soak", help="many replies in all the weather there is")
    soaking.add_argument("--replies", type=int, default=10_000)
    soaking.add_argument("--seed", type=int, default=1)
    soaking.add_argument("--keep-log", type=Path, metavar="FILE", help="of the bot")
    given = parser.parse_args()
    if given.kind == "crash":
        try:
            with postgres_server() if given.postgres else nullcontext() as server:
                return asyncio.run(_crash(given.runs, given.seed, server, given.keep_log))
        except PostgresMissingError as missing:
            parser.error(str(missing))
    if given.kind == "faults":
        if unknown := set(given.scenario) - faults.SCENARIOS.keys():
            parser.error(f"no such scenario: {', '.join(sorted(unknown))}")
        return asyncio.run(_faults(given.scenario or list(faults.SCENARIOS)))
    return asyncio.run(_soak(given.replies, given.seed, given.keep_log))


async def _crash(runs: int, seed: int, server: PostgresServer | None, keep_log: Path | None) -> int:
    recovered = 0
    began = time.monotonic()
    for number in range(seed, seed + runs):
        memory = PostgresDatabase(server.create(f"crash_{number}")) if server else None
        outcome = await crash.run(number, memory=memory, keep_log=keep_log)
        if server is not None:
            server.drop(f"crash_{number}")
        print(f"seed {number:4}  {outcome}", flush=True)
        for words in outcome.findings:
            print(f"    {words}", flush=True)
        recovered += not outcome.findings
    print(f"{recovered} of {runs} recovered, {time.monotonic() - began:.0f} s")
    return int(recovered < runs)


async def _faults(names: Sequence[str]) -> int:
    failed = 0
    for name in names:
        found, seconds = await _day(name)
        print(f"{name:38} {seconds:5.1f} s, {len(found)} findings", flush=True)
        for words in found:
            print(f"    {words}", flush=True)
        failed += bool(found)
    print(f"{len(names) - failed} of {len(names)} days without findings")
    return int(bool(failed))


async def _day(name: str) -> tuple[list[str], float]:
    """Play one scenario with a bot of its own."""
    async with open_scene(members=2, channels=4, deltas_per_second=60) as scene:
        async with scene.bot():
            await scene.limit_use()
            began = time.monotonic()
            found = await faults.play(scene, name)
            seconds = time.monotonic() - began
        return found + errors(scene.folder / "bot.log"), seconds


async def _soak(replies: int, seed: int, keep_log: Path | None) -> int:
    print(samples.table([]), flush=True)
    result = await soak.run(replies, seed, tell=partial(print, flush=True), keep_log=keep_log)
    print(f"troubles: {_listed(result.troubles)}")
    print(f"answers: {_listed(result.endings)}; 429 answers {result.refusals}")
    for words in result.findings:
        print(f"    {words}")
    print(f"{result.replies} replies in {result.seconds:.0f} s, {len(result.findings)} findings")
    return int(bool(result.findings))


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


if __name__ == "__main__":
    sys.exit(main())
