"""Pictures taken out of JSON and put back: nothing else may change."""

from __future__ import annotations

import base64
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st

from bot.llm.lifting import lacks_data, lifted, resolved, with_data, without_data

PIXELS = bytes(range(256)) * 4

words = st.text(max_size=20) | st.integers() | st.booleans() | st.none()
extras = st.dictionaries(st.text(max_size=8), words | st.lists(words, max_size=3), max_size=4)


@given(extras, extras, st.binary(min_size=1, max_size=600))
def test_a_part_without_its_picture_becomes_the_same_part_again(around, inside, data):
    part: dict[str, Any] = {
        **around,
        "inlineData": {**inside, "data": base64.b64encode(data).decode()},
        "thoughtSignature": "c2ln",
    }
    kept = msgspec.Raw(without_data(msgspec.Raw(json.dumps(part).encode())))
    assert lacks_data(kept)
    assert json.loads(msgspec.json.encode(with_data(kept, data))) == part


@given(st.lists(st.binary(min_size=300, max_size=600), max_size=3), st.sampled_from([None, 2]))
def test_pictures_are_lifted_out_in_their_order(pictures, indent):
    parts = [{"inlineData": {"data": base64.b64encode(data).decode()}} for data in pictures]
    document, taken = lifted(json.dumps({"parts": parts}, indent=indent).encode())
    assert taken == pictures
    marks = [part["inlineData"]["data"] for part in json.loads(document)["parts"]]
    assert [resolved(mark, taken) for mark in marks] == pictures


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(b'{"data": 5, "a": {"data": "short"}}', id="short"),
        pytest.param(b'{"data": "' + b"no base64! " * 99 + b'"}', id="words"),
        pytest.param(b'{"data"', id="cut"),
        pytest.param(b'{"data": "' + b"A" * 999, id="cut inside"),
        pytest.param(b'"data"' * 99, id="no values"),
        pytest.param(
            b'{"data": "' + base64.b64encode(b"\xff" * 999).replace(b"/", b"\\/") + b'"}',
            id="escaped slashes",
        ),
    ],
)
def test_everything_else_stays_as_it_is(document):
    assert lifted(document) == (document, [])


@pytest.mark.parametrize(
    "text",
    [
        base64.b64encode(PIXELS).decode(),
        base64.urlsafe_b64encode(PIXELS).decode().rstrip("="),
        "\n" + base64.b64encode(PIXELS).decode() + " ",
    ],
)
def test_base64_is_read_in_every_spelling(text):
    assert resolved(text, []) == PIXELS


@given(st.binary(max_size=300))
def test_any_bytes_are_a_document_to_search(document):
    found, taken = lifted(document)
    assert found == document or taken
