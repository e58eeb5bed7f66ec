"""Calls of tools, put together from the fragments of a stream."""

from __future__ import annotations

import msgspec

from bot.chat.events import ToolCalled
from bot.llm.call import Call
from bot.llm.ceilings import ToolCeiling
from bot.llm.openai_wire import ARGUMENTS, ToolCall


class ToolCalls:
    """Collects fragments: keyed by `index`, or by `id`, or simply the one that is being written."""

    def __init__(self, call: Call) -> None:
        self._ceiling = ToolCeiling(call)
        self._names: list[str] = []
        self._arguments: list[list[str]] = []
        self._places: dict[int | str, int] = {}

    def __bool__(self) -> bool:
        return bool(self._places)

    def add(self, fragment: ToolCall) -> None:
        """Take the next fragment.

        Raises:
            OverlongError: nobody means so many calls, or such long ones.
        """
        place = self._place(fragment)
        if fragment.function is None:
            return
        if not self._names[place]:
            self._names[place] = fragment.function.name or ""
            self._ceiling.add(len(self._names[place]))
        arguments = fragment.function.arguments or ""
        self._ceiling.add(len(arguments))
        self._arguments[place].append(arguments)

    def ended(self) -> list[ToolCalled]:
        """The calls, complete; arguments that cannot be read are empty."""
        return [
            ToolCalled(name, _read("".join(arguments)))
            for name, arguments in zip(self._names, self._arguments, strict=True)
        ]

    def _place(self, fragment: ToolCall) -> int:
        key: int | str | None = fragment.index if fragment.index is not None else fragment.id
        if key is None and self._places and not (fragment.function and fragment.function.name):
            return len(self._places) - 1
        if key is None:
            key = f"call {len(self._places)}"
        if key not in self._places:
            self._ceiling.begin()
            self._places[key] = len(self._places)
            self._names.append("")
            self._arguments.append([])
        return self._places[key]


def _read(arguments: str) -> dict[str, object]:
    try:
        return ARGUMENTS.decode(arguments)
    except (msgspec.DecodeError, RecursionError):
        return {}
