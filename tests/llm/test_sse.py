from __future__ import annotations

import base64
import itertools
import time

import pytest
from hypothesis import given, strategies as st

from bot.errors import BrokenStreamError
from bot.llm.sse import ServerSentEvent, SSEDecoder
from tests.fuzz.growth import grows_too_fast


def events_in(*chunks: bytes) -> list[ServerSentEvent]:
    decoder = SSEDecoder()
    events = [event for chunk in chunks for event in decoder.feed(chunk)]
    return events + decoder.flush()


def data_in(*chunks: bytes) -> list[bytes]:
    return [event.data for event in events_in(*chunks)]


# The four examples of the HTML standard, section 9.2.6.


def test_the_standards_first_example_is_one_event_of_two_lines() -> None:
    assert data_in(b"data: YHOO\ndata: +2\ndata: 10\n\n") == [b"YHOO\n+2\n10"]


def test_the_standards_second_example_has_a_comment_ids_and_one_unfinished_event() -> None:
    text = (
        b": test stream\n\ndata: first event\nid: 1\n\n"
        b"data:second event\nid\n\ndata:  third event\n"
    )
    assert events_in(text) == [
        ServerSentEvent(b"first event", id="1"),
        ServerSentEvent(b"second event", id=""),
    ]


def test_the_standards_third_example_knows_empty_data() -> None:
    assert data_in(b"data\n\ndata\ndata\n\ndata:") == [b"", b"\n"]


def test_the_standards_fourth_example_takes_one_space_from_the_value() -> None:
    assert data_in(b"data:test\n\ndata: test\n\n") == [b"test", b"test"]


lines = st.sampled_from(
    [
        b"data: {}",
        b"data:two",
        b"data:  spaced",
        b"data",
        b": PING",
        b"event: error",
        b"id: 7",
        b"retry: 10",
        "data: é\u2028\u0085字😀".encode(),
        b"",
        b"",
        b'{"error": 1}',
    ]
)
ends = st.sampled_from([b"\n", b"\r\n", b"\r"])


@given(st.lists(st.tuples(lines, ends), max_size=12), st.data())
def test_bytes_cut_anywhere_give_the_same_events(
    parts: list[tuple[bytes, bytes]], data: st.DataObject
) -> None:
    text = b"".join(line + end for line, end in parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    edges = [0, *cuts, len(text)]
    chunks = [text[a:b] for a, b in itertools.pairwise(edges)]
    assert events_in(*chunks) == events_in(text)


def test_a_stream_cut_at_every_single_position_gives_the_same_events() -> None:
    text = (
        '\ufeffdata: {"a": "é😀"}\r\n\r\n: PING\r\n\r\nevent: x\rdata: 2\r\rdata: [DONE]\n\n'
    ).encode()
    whole = events_in(text)
    assert [event.data for event in whole][1:] == [b"2", b"[DONE]"]
    for at in range(len(text)):
        assert events_in(text[:at], text[at:]) == whole
    assert events_in(*(text[i : i + 1] for i in range(len(text)))) == whole


@given(st.lists(st.lists(st.sampled_from([b"a", b"bc", b"{}", b""]), min_size=1), max_size=5), ends)
def test_every_kind_of_line_end_separates_the_same_lines(
    wanted: list[list[bytes]], end: bytes
) -> None:
    text = b"".join(b"".join(b"data: " + v + end for v in event) + end for event in wanted)
    assert data_in(text) == [b"\n".join(event) for event in wanted]


def test_only_crlf_cr_and_lf_end_a_line() -> None:
    text = "data: \u0085\u2028\u2029\x0b\x0c\x1c\n\n".encode()
    assert data_in(text) == ["\u0085\u2028\u2029\x0b\x0c\x1c".encode()]


def test_an_event_is_delivered_with_its_blank_line_and_not_later() -> None:
    assert [event.data for event in SSEDecoder().feed(b"data: now\r\r")] == [b"now"]


def test_the_type_is_reset_after_each_event() -> None:
    first, second = events_in(b"event: error\ndata: 1\n\ndata: 2\n\n")
    assert (first.type, second.type) == ("error", "message")


def test_a_type_without_data_is_no_event() -> None:
    assert events_in(b"event: ping\n\n") == []


def test_an_id_with_nul_is_ignored() -> None:
    assert events_in(b"id: a\0b\ndata: 1\n\n")[0].id == ""


def test_a_whole_last_event_without_its_blank_line_counts() -> None:
    assert data_in(b'data: {"a": 1}') == [b'{"a": 1}']
    assert data_in(b"data: [DONE]\n") == [b"[DONE]"]


def test_a_truncated_last_event_does_not_count() -> None:
    assert data_in(b'data: {"a": ') == []


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(b'{\n  "error": {\n    "code": 429\n  }\n}', id="pretty-printed JSON"),
        pytest.param(b'[{"error": {}}]', id="array"),
        pytest.param(b"<html>\n<p>Checking your browser", id="page"),
    ],
)
def test_a_document_without_field_names_is_collected(document: bytes) -> None:
    assert data_in(b'data: {"a": 1}\n\n', document) == [b'{"a": 1}', document]
    assert data_in(b'data: {"a": 1}\n' + document + b'\ndata: "b"\n\n') == [
        b'{"a": 1}',
        document,
        b'"b"',
    ]


@pytest.mark.parametrize("piece", [b"x" * 64, b"data: x\n", b": comment without an end "])
def test_an_event_beyond_the_ceiling_is_refused(piece: bytes) -> None:
    decoder = SSEDecoder(max_event_bytes=1_000)
    with pytest.raises(BrokenStreamError):
        for _ in range(2_000):
            decoder.feed(piece)


PICTURE = bytes(range(256)) * 600
PICTURE_JSON = b'{"data": "' + base64.b64encode(PICTURE) + b'"}'


def pictures_in(event: ServerSentEvent) -> list[bytes]:
    return [b"".join(pieces) for pieces in event.taken]


@pytest.mark.parametrize("piece", [1_000, 65_536, 70_000, 1_000_000])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_the_pictures_of_long_lines_are_taken_out_on_the_way(piece: int, end: bytes) -> None:
    body = b"data: " + PICTURE_JSON + end * 2 + b'data: {"a": 1}' + end * 2 + PICTURE_JSON + end
    chunks = [body[at : at + piece] for at in range(0, len(body), piece)]
    assert [(event.data, pictures_in(event)) for event in events_in(*chunks)] == [
        (b'{"data": "lifted:0"}', [PICTURE]),
        (b'{"a": 1}', []),
        (b'{"data": "lifted:0"}', [PICTURE]),
    ]


def test_the_lines_of_one_event_may_all_be_long() -> None:
    lines = b"data: [\ndata:" + PICTURE_JSON + b",\ndata:" + PICTURE_JSON + b"\ndata:]\n\n"
    chunks = [lines[at : at + 50_000] for at in range(0, len(lines), 50_000)]
    [event] = events_in(*chunks)
    assert event.data == b'[\n{"data": "lifted:0"},\n{"data": "lifted:1"}\n]'
    assert pictures_in(event) == [PICTURE, PICTURE]


def test_a_picture_that_is_cut_short_is_no_event() -> None:
    assert data_in(b"data: " + PICTURE_JSON[:100_000], PICTURE_JSON[100_000:150_000]) == []


def test_a_last_event_with_a_picture_needs_no_blank_line() -> None:
    line = b"data: " + PICTURE_JSON
    [event] = events_in(line[:100_000], line[100_000:])
    assert pictures_in(event) == [PICTURE]


def test_a_long_comment_is_ignored() -> None:
    assert data_in(b": " + b"x" * 70_000, b"x" * 70_000 + b"\ndata: 1\n\n") == [b"1"]


def test_a_line_of_megabytes_costs_time_in_proportion() -> None:
    def cost(size: int) -> float:
        decoder = SSEDecoder()
        piece = b"A" * 65_536
        began = time.process_time()
        decoder.feed(b"data: ")
        for _ in range(size // len(piece)):
            decoder.feed(piece)
        [event] = decoder.feed(b"\n\n")
        assert len(event.data) >= size - len(piece)
        return time.process_time() - began

    # Quadratic searching takes seconds here; in proportion it is some hundredths.
    assert cost(32 * 1024 * 1024) < 1.0


def test_a_row_of_returns_costs_time_in_proportion() -> None:
    assert not grows_too_fast(lambda size: lambda: data_in(b"\r" * size), 1_000)


def test_lines_without_data_count_towards_the_ceiling() -> None:
    decoder = SSEDecoder(max_event_bytes=100)
    with pytest.raises(BrokenStreamError):
        decoder.feed(b"data:\n" * 101)


def test_brackets_in_brackets_at_the_end_are_no_event() -> None:
    assert data_in(b"data: " + b"[" * 50_000) == []
