"""The words the stand-in has ready."""

from __future__ import annotations

WHO = "I am the **offline stand-in**, not a real model."

TRY = (
    "Try one of these words: `table`, `code`, `long`, `reason`, `search`, "
    "`slow`, `draw`, `cut`, `filter`, `refuse`, `block`, `empty`, `break`, "
    "`error` (or `error 429`)."
)

FRIENDLY = (
    "Everything around me is real, though: the bot, the sockets and the page you are reading this "
    "on. My part is to *answer in the gateway's own words*, so that you can watch a reply grow, "
    "attach a file, ask for a picture and find out what happens when something goes wrong.",
    "I cannot think, but I can be quoted. What you see is the very same bot that speaks to the "
    "gateway; only the far end of the wire is me, so feel free to *try to break things*.",
    "No auth code, no network, no cost. Ask as often as you like: each answer is streamed in the "
    "small pieces a real model would send, and it ends the way a real one ends.",
)

TABLE = """\
Here is a table of the planets:

| Planet | 中文 | Moons | Day (h) | Known for |
|:-------|:----:|------:|--------:|-----------|
| Mercury | 水星 | 0 | 4222.6 | the shortest year |
| Venus | 金星 | 0 | 2802.0 | spinning *backwards* |
| Earth | 地球 | 1 | 24.0 | **coffee** ☕ |
| Mars | 火星 | 2 | 24.7 | Olympus Mons |
| Jupiter | 木星 | 95 | 9.9 | the Great Red Spot |
| Saturn | 土星 | 146 | 10.7 | its rings 🪐 |

The moons of Jupiter and Saturn are those confirmed by the [IAU](https://www.iau.org/).
"""

CODE = '''\
Two small programs, first in Python:

```python
from collections.abc import Iterator


def fibonacci(limit: int) -> Iterator[int]:
    """Yield the Fibonacci numbers below a limit."""
    current, following = 0, 1
    while current < limit:
        yield current
        current, following = following, current + following


print(", ".join(str(number) for number in fibonacci(100)))
```

and the same thought in C++:

```c++
#include <iostream>

int main() {
    for (long a = 0, b = 1; a < 100; b += a, a = b - a) {
        std::cout << a << '\\n';  // one number a line
    }
}
```

Run the first one with `python fibonacci.py`; it prints `0, 1, 1, 2, 3, 5, 8, …, 89`.
'''

SEARCH = (
    "Discord lets an application send **2,000 characters** in one message. "
    "Longer answers have to be cut into pages. "
    "The Rhône rises at about 2,200 m (5 °C on a summer's morning). "
    "All of this is invented on the spot, and so are the sources beside it."
)

REASONING = """\
**Reading the question**

The question is short, so it is worth asking what is really wanted before answering. There is \
nobody behind these words, but a reader will want to see that thinking is shown apart.

**Weighing the answers**

A long answer would be thorough, a short one would be kind. There is no fact here to look up, so \
nothing can be got wrong, except the tone.

**Deciding**

Say plainly what this is, quote the question, and stop.
"""

_SECTIONS = (
    (
        "A walk along the wire",
        "A question travels further than one would think. It is typed into a box, carried by a "
        "socket to a small server, handed to the bot as an *event*, cleaned of mentions, joined "
        "with what was said before, and finally sent on as JSON.\n\n"
        "1. The bot decides **who** asked and **where**.\n"
        "2. It looks up which model answers there.\n"
        "3. It fits the conversation into the model's window:\n"
        "   - whole turns only,\n"
        "   - the newest first.\n"
        "4. Then it asks, and waits.",
    ),
    (
        "What comes back",
        "The answer arrives in crumbs of about four characters, sixty times a second. Nobody could "
        "read that fast, and Discord would not take so many edits, so the crumbs are gathered:\n\n"
        "> Whatever arrives while an edit is on its way becomes the next edit.\n"
        "> Nothing waits for anything else.\n\n"
        "That rule is short, yet almost everything follows from it.",
    ),
    (
        "A little code",
        "The heart of such a loop is small:\n\n"
        "```python\n"
        "async def paint(self) -> None:\n"
        "    while not self.ended:\n"
        "        await self.changed.wait()\n"
        "        self.changed.clear()\n"
        "        await self.message.edit(content=self.latest)\n"
        "        await self.clock.sleep(self.interval)\n"
        "```\n\n"
        "Notice what is *not* there: no queue, no lock and no text but the latest.",
    ),
    (
        "Numbers",
        "| What | How much |\n"
        "|------|---------:|\n"
        "| characters a page | 2,000 |\n"
        "| edits in five seconds | 5 |\n"
        "| requests a second | 50 |\n\n"
        "With ~~endless~~ enough patience, that is plenty.",
    ),
    (
        "Languages",
        "回答也可以是中文。长的回答会被分成几页，每页最多两千个字符。"  # noqa: RUF001
        "表格、代码和标题都会变成 Discord 能显示的样子。\n\n"
        "日本語でも同じです。絵文字も大丈夫です：👩‍🚀 🇯🇵 👍🏽.\n\n"  # noqa: RUF001
        "Deutsch, français, español, русский, العربية: the pages do not mind.",
    ),
    (
        "Small things",
        "- [x] headings, even `####` deep ones\n"
        "- [x] **bold**, *italic*, ***both*** and __strong__ words\n"
        "- [ ] an end in sight\n\n"
        "Euler thought of $e^{i\\pi} + 1 = 0$, which needs no edit at all.\n\n"
        "---\n\n"
        "#### A fourth-level heading\n\n"
        "And then, as all walks do, this one goes round once more.",
    ),
)


def long_answer(characters: int = 6000) -> str:
    """Markdown of every kind, several of Discord's pages long."""
    parts = ["# A long answer\n\nYou asked for something long, so sit back."]
    number = 0
    while sum(map(len, parts)) < characters:
        title, text = _SECTIONS[number % len(_SECTIONS)]
        number += 1
        parts.append(f"## {number}. {title}\n\n{text}")
    parts.append("That was the end. Every page before this one is as it was when it was full.")
    return "\n\n".join(parts) + "\n"
