"""All that is fuzzed."""

from __future__ import annotations

from tests.fuzz import answer_text, custom_ids, faults, moving, pages, readers, sse
from tests.fuzz.target import Target

TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        # Those that take longest first.
        pages.PAGES,
        pages.MARKDOWN,
        readers.OPENAI,
        readers.GEMINI,
        sse.TARGET,
        answer_text.TARGET,
        custom_ids.TARGET,
        faults.TARGET,
        moving.TARGET,
    )
}
