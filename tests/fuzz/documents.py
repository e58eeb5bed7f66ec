"""Changes a JSON document somewhere inside, so that it stays one."""

from __future__ import annotations

import json
import random
from typing import Any

_DECODER = json.JSONDecoder()
_VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 7, 429, 1.5, 10**30, "", "a", " ", "7", "x" * 60, "\u0000", "字🙂",
    "error", "stop", "STOP", "<think>", "</think>\n", "![a](https://x.test/a)", "https://x.test/a",
    "data:image/png;base64,iVBORw0KGgo=", "iVBORw0KGgo=", "lifted:0", "image/png", [], {}, [[]],
    [{}], {"": None}, [None], "{}", '{"a":1}', "[", "zebra", "Secret-Code-7",
)  # fmt: skip


def change(data: bytes, dice: random.Random) -> bytes | None:
    """The bytes with one value of an object in them changed; None where there is no object."""
    text = data.decode("latin-1")
    places = [at for at, character in enumerate(text) if character == "{"]
    if not places:
        return None
    start = dice.choice(places)
    try:
        document, end = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    nodes = _nodes(document)
    if not nodes:
        return None
    inside, key = dice.choice(nodes)
    what = dice.random()
    if what < 0.5:
        inside[key] = dice.choice(_VALUES)
    elif what < 0.7:
        other, other_key = dice.choice(nodes)
        inside[key] = json.loads(json.dumps(other[other_key]))
    elif what < 0.8:
        inside[key] = [inside[key]] * dice.randrange(4)
    elif what < 0.9 and isinstance(inside, dict):
        _other, name = dice.choice(nodes)
        inside[str(name)] = inside[key]
    else:
        del inside[key]
    changed = json.dumps(document, separators=(",", ":"), ensure_ascii=dice.random() < 0.5)
    return (
        text[:start].encode("latin-1")
        + changed.encode("utf-8", "surrogatepass")
        + text[end:].encode("latin-1")
    )


def _nodes(document: Any) -> list[tuple[Any, Any]]:
    """Every place of a value: what it is in, and its key or number there."""
    found: list[tuple[Any, Any]] = []
    waiting = [document]
    while waiting:
        inside = waiting.pop()
        keys = inside.keys() if isinstance(inside, dict) else range(len(inside))
        for key in keys:
            found.append((inside, key))
            if isinstance(inside[key], dict | list):
                waiting.append(inside[key])
    return found
