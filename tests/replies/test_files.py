from __future__ import annotations

import io
from dataclasses import replace

import pytest
from PIL import Image

from bot.chat.content import ImagePart
from bot.replies.files import (
    REQUEST_BYTES,
    Upload,
    as_upload,
    fits,
    picture_name,
    picture_number,
    picture_variant,
    shrink,
    take_request,
)


def noise(side: int, *, transparent: bool = False) -> ImagePart:
    """A picture that does not compress."""
    made = Image.effect_noise((side, side), 120).convert("RGBA" if transparent else "RGB")
    if transparent:
        made.putalpha(Image.effect_noise((side, side), 60))
    encoded = io.BytesIO()
    made.save(encoded, "PNG")
    return ImagePart(encoded.getvalue(), "image/png")


@pytest.mark.parametrize(("transparent", "format"), [(False, "JPEG"), (True, "WEBP")])
async def test_a_picture_too_large_is_encoded_until_it_fits(transparent, format):
    image = noise(256, transparent=transparent)
    limit = len(image.data) // 8
    assert not fits(image, limit)
    upload = await shrink(image, "a-1", limit)
    assert upload is not None
    assert len(upload.data) <= limit
    assert Image.open(io.BytesIO(upload.data)).format == format


async def test_what_cannot_be_made_to_fit_is_given_up():
    assert await shrink(noise(128), "a-1", 100) is None


async def test_what_is_no_picture_is_given_up():
    assert await shrink(ImagePart(b"x" * 500, "image/png"), "a-1", 100) is None


@pytest.mark.parametrize(
    ("image", "name"),
    [
        (ImagePart(b"?", "image/png", alt="A Red: Square!"), "a-red-square-2.png"),
        (replace(noise(8), name="Foto.JPG", mime_type="image/jpeg"), "foto-2.png"),
        (ImagePart(b"?", "image/webp", alt="一只猫"), "picture-2.webp"),
        (ImagePart(b"?", "image/webp", alt="x" * 200), "x" * 60 + "-2.webp"),
    ],
)
def test_names_are_plain_and_say_what_the_picture_is(image, name):
    made = as_upload(image, picture_name(image, 2)).name
    assert made == name
    assert picture_number(made) == 2


def test_a_picture_of_a_further_answer_to_a_question_tells_which_answer_brought_it():
    for image in (noise(8), replace(noise(8), name="v3-1v4.png")):
        for variant in (1, 2, 12):
            made = as_upload(image, picture_name(image, 3, variant)).name
            assert (picture_number(made), picture_variant(made)) == (3, variant)


@pytest.mark.parametrize("name", ["table_1.png", "photo.png", "answer.md", "a-1.txt", "IMG-1.png"])
def test_other_files_have_no_number(name):
    assert picture_number(name) is None


def test_alt_text_is_kept_within_discords_limit():
    assert len(Upload(b"", "a.png", "a" * 2_000).file().description or "") == 1_024


def test_every_call_gets_a_fresh_file():
    upload = Upload(b"data", "a.png", "")
    upload.file().close()
    assert upload.file().fp.read() == b"data"


def test_a_request_takes_no_more_than_there_is_room_and_weight_for():
    big = Upload(bytes(REQUEST_BYTES // 3), "a.png", "")
    assert len(take_request([big] * 5, 10)) == 2
    assert len(take_request([Upload(b"", "a.png", "")] * 5, 3)) == 3
