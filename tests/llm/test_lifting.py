"""Pictures taken out of JSON and put back: nothing else may change."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st

from bot.llm.lifting import Lifter, lacks_data, resolved, with_data, without_data


def lifted(document: bytes, cuts: Sequence[int] = ()) -> tuple[bytes, list[bytes]]:
    """Feed a document in pieces, cut at these places."""
    lifter = Lifter()
    edges = [0, *sorted(min(cut, len(document)) for cut in cuts), len(document)]
    for start, end in itertools.pairwise(edges):
        lifter.feed(document[start:end])
    return lifter.document(), [b"".join(pieces) for pieces in lifter.taken]


cuts = st.lists(st.integers(0, 3000), max_size=5)
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


@given(
    st.lists(st.binary(min_size=300, max_size=600), max_size=3),
    st.sampled_from([None, 2]),
    st.sampled_from(["", "="]),
    cuts,
)
def test_pictures_are_lifted_out_in_their_order_wherever_the_bytes_are_cut(
    pictures, indent, dropped, cuts
):
    texts = [base64.b64encode(data).decode().rstrip(dropped) for data in pictures]
    parts = [{"inlineData": {"data": text}} for text in texts]
    document, taken = lifted(json.dumps({"parts": parts}, indent=indent).encode(), cuts)
    assert taken == pictures
    marks = [part["inlineData"]["data"] for part in json.loads(document)["parts"]]
    assert [resolved(mark, [[data] for data in taken]) for mark in marks] == pictures


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
        pytest.param(
            b'{"data": "' + b"A" * 2000 + b"_" + b"A" * 999 + b'"}', id="another alphabet, later"
        ),
        pytest.param(b'{"data": "' + b"A" * 2000 + b"==" + b"A" * 998 + b'"}', id="two in one"),
        pytest.param(b'{"data": "' + b"A" * 2001 + b'"}', id="damaged"),
    ],
)
@given(cuts=cuts)
def test_everything_else_stays_as_it_is(document, cuts):
    assert lifted(document, cuts) == (document, [])


def test_a_key_cut_at_every_position_is_found():
    document = b'{"x": "data", "data" \t: \n"' + base64.b64encode(PIXELS) + b'", "data": 1}'
    for cut in range(40):
        assert lifted(document, [cut]) == (
            b'{"x": "data", "data" \t: \n"lifted:0", "data": 1}',
            [PIXELS],
        )


def test_the_lines_of_one_event_count_their_pictures_on():
    lifter = Lifter()
    line = b'{"data": "' + base64.b64encode(PIXELS) + b'"}'
    lifter.feed(line)
    assert lifter.document() == b'{"data": "lifted:0"}'
    lifter.feed(line)
    assert lifter.document() == b'{"data": "lifted:1"}'
    assert [b"".join(pieces) for pieces in lifter.taken] == [PIXELS, PIXELS]


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


@given(st.binary(max_size=300), cuts)
def test_any_bytes_are_a_document_to_search(document, cuts):
    assert lifted(document, cuts) == (document, [])
