"""Inputs without end: what is known is changed a little, over and over."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Hashable, Sequence

from tests.fuzz import documents

LONGEST = 300
"""Bytes of an input. Limits that longer ones would meet are made small by the target."""
_MOST_KEPT = 3_000
_WORD = re.compile(rb'"(?:[^"\\]|\\.)*"|[\w.+-]+')


class Inputs:
    """Changes seeds, and what proved worth keeping; the same seed gives the same inputs."""

    def __init__(self, seed: int, seeds: Sequence[bytes], dictionary: Sequence[bytes]) -> None:
        self._random = random.Random(seed)
        self._kept = list(seeds)
        self._seen: set[Hashable] = set()
        self._dictionary = dictionary
        self._changes: tuple[Callable[[bytes], bytes], ...] = (
            self._insert,
            self._insert,
            self._insert,
            self._replace,
            self._replace,
            self._repeat,
            self._drop,
            self._drop,
            self._double,
            self._splice,
            self._any_byte,
            self._replace_word,
            self._replace_word,
            self._replace_word,
        )

    def next(self) -> bytes:
        """One more input."""
        dice = self._random.random
        data = self._kept[int(dice() * len(self._kept))]
        if len(data) > LONGEST:
            at = int(dice() * (len(data) - LONGEST))
            data = data[at : at + LONGEST] if dice() < 0.5 else data[:LONGEST]
        for _ in range(1 + int(dice() * dice() * 8)):
            change = self._changes[int(dice() * len(self._changes))]
            document = documents.change(data, self._random) if dice() < 0.5 else None
            data = change(data) if document is None else document
        return data[:LONGEST]

    def note(self, data: bytes, outcome: Hashable) -> None:
        """Keep an input that ended in a way not seen before."""
        if outcome in self._seen:
            return
        if len(self._kept) < _MOST_KEPT:
            self._seen.add(outcome)
            self._kept.append(data)

    def _place(self, data: bytes) -> int:
        return int(self._random.random() * (len(data) + 1))

    def _span(self, data: bytes) -> tuple[int, int]:
        start = self._place(data)
        return start, min(len(data), start + 1 + int(self._random.random() ** 3 * 40))

    def _token(self) -> bytes:
        return self._dictionary[int(self._random.random() * len(self._dictionary))]

    def _insert(self, data: bytes) -> bytes:
        at = self._place(data)
        return data[:at] + self._token() + data[at:]

    def _replace(self, data: bytes) -> bytes:
        start, end = self._span(data)
        return data[:start] + self._token() + data[end:]

    def _repeat(self, data: bytes) -> bytes:
        at = self._place(data)
        return data[:at] + self._token() * int(2 ** (self._random.random() * 5)) + data[at:]

    def _drop(self, data: bytes) -> bytes:
        start, end = self._span(data)
        return data[:start] + data[end:]

    def _double(self, data: bytes) -> bytes:
        start, end = self._span(data)
        return data[:end] + data[start:]

    def _splice(self, data: bytes) -> bytes:
        other = self._kept[int(self._random.random() * len(self._kept))]
        start, end = self._span(other)
        at = self._place(data)
        return data[:at] + other[start:end] + data[at:]

    def _replace_word(self, data: bytes) -> bytes:
        """Put something else in the place of a word or a string, so that JSON stays JSON."""
        words = [found.span() for found in _WORD.finditer(data)]
        if not words:
            return data
        start, end = words[int(self._random.random() * len(words))]
        return data[:start] + self._token() + data[end:]

    def _any_byte(self, data: bytes) -> bytes:
        at = self._place(data)
        return data[:at] + bytes([int(self._random.random() * 256)]) + data[at + 1 :]
