"""A real PostgreSQL for tests, started from the system's binaries and gone afterwards."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import asyncpg  # type: ignore[import-untyped]  # it has none

T = TypeVar("T")

STARTUP_SECONDS = 30

FRESH = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")

# Nothing of it has to survive the tests.
HASTE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
}


class PostgresMissingError(Exception):
    """No PostgreSQL is installed here."""


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running server; it listens on a socket in its own folder only."""

    folder: Path

    def url(self, database: str = "postgres") -> str:
        """The address of one of its databases, as DATABASE_URL takes it."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def create(self, database: str) -> str:
        """Make an empty database; its address."""
        execute(self.url(), f"CREATE DATABASE {database}")
        return self.url(database)

    def drop(self, database: str) -> None:
        """Drop a database, whoever uses it."""
        execute(self.url(), f"DROP DATABASE {database} WITH (FORCE)")

    def close(self, database: str) -> None:
        """Let nobody into a database, and cut off whoever is in."""
        execute(self.url(), f"ALTER DATABASE {database} ALLOW_CONNECTIONS false")
        execute(
            self.url(),
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'",
        )

    def reopen(self, database: str) -> None:
        """Let everybody in again."""
        execute(self.url(), f"ALTER DATABASE {database} ALLOW_CONNECTIONS true")


def execute(url: str, sql: str) -> None:
    """Have a database do something."""

    async def connected() -> None:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(sql)
        finally:
            await connection.close()

    run_apart(connected())


def run_apart(work: Coroutine[object, object, T]) -> T:
    """Run something asynchronous to its end, also where the caller's own loop runs."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Run a server of its own in a temporary folder.

    Raises:
        PostgresMissingError: neither PATH nor Debian's folders have one.
    """
    binaries = _binaries()
    account = "postgres" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    # Short, because a socket's path may have 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        if account:
            shutil.chown(folder, account, account)
        server = PostgresServer(folder)
        haste = [f"-c{name}={value}" for name, value in HASTE.items()]
        with (folder / "log").open("wb") as log:
            subprocess.run(
                [binaries / "initdb", folder / "data", *FRESH],
                check=True,
                stdout=log,
                stderr=log,
                user=account,
                group=account,
                extra_groups=[] if account else None,
                cwd=folder,
            )
            process = subprocess.Popen(
                [binaries / "postgres", "-D", folder / "data", "-k", folder, "-h", "", *haste],
                stdout=log,
                stderr=log,
                user=account,
                group=account,
                extra_groups=[] if account else None,
                cwd=folder,
            )
        try:
            _wait_until_ready(process, folder)
            yield server
        finally:
            process.send_signal(signal.SIGINT)  # a fast shutdown: clients are cut off
            process.wait(timeout=STARTUP_SECONDS)
    finally:
        shutil.rmtree(folder)


def _binaries() -> Path:
    candidates = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if found := shutil.which("initdb"):
        candidates.append(Path(found).resolve().parent)
    for folder in candidates:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise PostgresMissingError("PostgreSQL (initdb, postgres) is not installed")


def _wait_until_ready(process: subprocess.Popen[bytes], folder: Path) -> None:
    # The last line of the file that PostgreSQL keeps for pg_ctl is its status.
    status = folder / "data" / "postmaster.pid"
    deadline = time.monotonic() + STARTUP_SECONDS
    while time.monotonic() < deadline:
        if status.exists() and status.read_text().rstrip().endswith("ready"):
            return
        if process.poll() is not None:
            break
        time.sleep(0.02)
    raise RuntimeError(f"PostgreSQL did not start:\n{(folder / 'log').read_text()}")
