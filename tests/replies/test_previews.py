from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from bot.replies.previews import without_previews


@pytest.mark.parametrize(
    ("content", "quiet"),
    [
        ("see https://x.y/a?b=c.", "see <https://x.y/a?b=c>."),
        ("[go](https://x.y)", "[go](<https://x.y>)"),
        ("[go](<https://x.y>) <https://x.y>", "[go](<https://x.y>) <https://x.y>"),
        ("`https://x.y` and **https://x.y/b**", "`https://x.y` and **<https://x.y/b>**"),
        ("```\nhttps://x.y\n```\nhttps://x.y", "```\nhttps://x.y\n```\n<https://x.y>"),
        ('(https://x.y/a) [t](https://x.y "t")', '(<https://x.y/a>) [t](https://x.y "t")'),
        ("no address: http and ://", "no address: http and ://"),
    ],
)
def test_addresses_are_put_in_angle_brackets_outside_of_code(content, quiet):
    assert without_previews(content) == quiet


_pieces = st.lists(
    st.sampled_from(
        [
            "https://x.y/a",
            "http://",
            "[a](",
            ")",
            "<",
            ">",
            "`",
            "```",
            "\n",
            " ",
            ".",
            "word",
            "**",
        ]
    ),
    max_size=30,
).map("".join)


@given(_pieces)
def test_nothing_but_angle_brackets_is_added_and_twice_is_as_once(content):
    quiet = without_previews(content)
    assert quiet.replace("<", "").replace(">", "") == content.replace("<", "").replace(">", "")
    assert without_previews(quiet) == quiet


def test_a_page_that_would_become_too_long_stays_as_it_is():
    page = "https://x.y " + "a" * 1988
    assert without_previews(page) == page
