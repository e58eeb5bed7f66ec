"""Documents that gateways damage are mended; whole ones are left alone, however large they are."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given, strategies as st

from bot.llm import reading
from bot.llm.reading import sound


@pytest.mark.parametrize(
    "document",
    [
        b'{"text": "plain"}',
        rb'{"thoughtSignature": "AAAA\u003d\u003d", "text": "a\n"}',
        '{"text": "Füchse, 狐, 🦊"}'.encode(),
    ],
    ids=["ASCII", "escapes", "UTF-8"],
)
def test_a_whole_document_is_not_even_searched(document, monkeypatch):
    monkeypatch.delattr(reading, "_mended")
    raw = msgspec.Raw(document)
    assert sound(raw) is raw


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (rb'{"text": "\ud83e\udd8a"}', "🦊"),
        (rb'{"text": "\uD83E"}', "\ufffd"),
        (rb'{"text": "\udd8a!"}', "\ufffd!"),
        (rb'{"text": "\\ud83e"}', r"\ud83e"),
        (b'{"text": "caf\xe9"}', "caf\ufffd"),
    ],
    ids=["a pair", "its first half", "its second half", "no escape at all", "Latin-1"],
)
def test_half_a_character_becomes_a_mark(document, text):
    assert json.loads(bytes(sound(msgspec.Raw(document)))) == {"text": text}


@given(st.text(st.characters(codec=None), max_size=20), st.booleans())
def test_whatever_the_text_it_can_be_sent_again(text, escaped):
    document = json.dumps({"text": text}, ensure_ascii=escaped).encode("utf-8", "replace")
    told = bytes(sound(msgspec.Raw(document)))
    json.loads(told)["text"].encode()
    assert msgspec.json.decode(told)
