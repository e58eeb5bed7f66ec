"""Bytes as a file, for aiohttp to send in pieces."""

from __future__ import annotations

import io


class ByteFile(io.BytesIO):
    """Reads bytes without a copy of them.

    aiohttp learns a file's size from its buffer, and to give one, an ordinary `BytesIO` copies the
    bytes that it shares with others.
    """

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._data = data

    def getbuffer(self) -> memoryview:
        """All of the bytes, read-only."""
        return memoryview(self._data)
