from __future__ import annotations

import io

import pytest
from PIL import Image

from bot.chat.content import ImagePart
from bot.replies.files import REQUEST_BYTES, Upload, as_upload, fits, shrink, take_request


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
    upload = await shrink(image, 1, limit)
    assert upload is not None
    assert len(upload.data) <= limit
    assert Image.open(io.BytesIO(upload.data)).format == format


async def test_what_cannot_be_made_to_fit_is_given_up():
    assert await shrink(noise(128), 1, 100) is None


async def test_what_is_no_picture_is_given_up():
    assert await shrink(ImagePart(b"x" * 500, "image/png"), 1, 100) is None


@pytest.mark.parametrize(
    ("image", "name"),
    [
        (ImagePart(b"\x89PNG", "image/png", alt="A Red: Square!"), "a-red-square-2.png"),
        (ImagePart(b"\xff\xd8\xff", "image/png", name="Foto.PNG"), "foto-2.jpg"),
        (ImagePart(b"?", "image/webp", alt="一只猫"), "picture-2.webp"),
        (ImagePart(b"RIFF....WEBP", "", alt="x" * 200), "x" * 60 + "-2.webp"),
    ],
)
def test_names_are_plain_and_say_what_the_picture_is(image, name):
    assert as_upload(image, 2).name == name


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
