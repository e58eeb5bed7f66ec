"""What is fuzzed: one function of bytes, and what its inputs are made of."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Target:
    """A reader, what must hold of it for any bytes, and inputs to begin with."""

    name: str
    run: Callable[[bytes], Hashable]
    """Raises on a finding. Returns in a few words what came of the input: one that ends in a way
    not seen before is worth changing further."""
    seeds: Sequence[bytes]
    dictionary: Sequence[bytes]
    growing: Mapping[str, Callable[[int], Callable[[], object]]] = field(default_factory=dict)
    """Families of hostile input: work on one of the given size, whose cost must grow with it."""
    size: int = 125_000
    """Bytes of the smaller input of those families."""
    around: Callable[[], AbstractContextManager[object]] = nullcontext
    """What holds while inputs are tried, such as limits small enough to be reached by them."""


@contextmanager
def changed(*changes: tuple[Any, str, object]) -> Iterator[None]:
    """Give attributes other values for a while."""
    before = [(owner, name, getattr(owner, name)) for owner, name, _value in changes]
    for owner, name, value in changes:
        setattr(owner, name, value)
    try:
        yield
    finally:
        for owner, name, value in before:
            setattr(owner, name, value)


def cut(data: bytes, size: int) -> list[bytes]:
    """The bytes in pieces of that size."""
    return [data[at : at + size] for at in range(0, len(data), size)]


def cut_text(text: str, size: int) -> list[str]:
    """The characters in pieces of that size."""
    return [text[at : at + size] for at in range(0, len(text), size)]
