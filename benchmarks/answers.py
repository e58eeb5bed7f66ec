"""What the model says in the benchmarks: one answer of 1,500 characters in 300 deltas."""

from __future__ import annotations

from itertools import cycle, islice

DELTAS = 300
CHARACTERS = 1_500

_MARKDOWN = (
    "The tide turns **twice a day**, and those who fish here know when by heart. On some days "
    "the sea is flat, on some it is not, and `ebb` or `flow` is all they say when you ask why.",
    "- The moon pulls the near side more than the far side.\n"
    "- The *far side* is left with less pull, so it too has a high tide.\n"
    "- The sun adds a bit of its own, as it is big but far away.",
    "```python\n"
    "for day in range(7):\n"
    "    moon = phase(day)\n"
    "    print(day, high(moon), low(moon))\n"
    "```",
    "> When sun and moon pull in line, the tide is at its best. When they are at odds, it is at "
    "its least, and boats may rest.",
)
# The stand-in makes one delta of a word of up to five characters and the space before it. So many
# of each length bring what the Markdown leaves over to the figures above.
_LONG_WORDS, _LONG = ("coast", "ships", "shore", "water", "north", "night"), 93
_SHORT_WORDS, _SHORT = ("moon", "wind", "boat", "sand", "fish", "rise", "then"), 72


def _prose() -> str:
    long = list(islice(cycle(_LONG_WORDS), _LONG))
    short = list(islice(cycle(_SHORT_WORDS), _SHORT))
    pairs = [word for pair in zip(long, short, strict=False) for word in pair]
    return " ".join([*pairs, *long[_SHORT:]])


ANSWER = "\n\n".join([*_MARKDOWN, _prose()])
