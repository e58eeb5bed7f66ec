"""Pictures of unknown origin: measured, made ready, made lighter."""

from __future__ import annotations

import io

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from PIL import ExifTags, Image, ImageDraw, ImageOps

from bot.chat.content import ImagePart
from bot.errors import QuestionError
from bot.pictures import preparing, shrinking
from bot.pictures.measuring import Measured, measure
from bot.pictures.preparing import looks_like_vector, prepare
from bot.pictures.shrinking import MAX_SIDE, encode_within, flattened, reduced, scaled

ACCEPTS = frozenset({"image/png", "image/jpeg", "image/webp"})
CAMERA = "Camera of Mira"


def drawing(size=(60, 40), mode: str = "RGB") -> Image.Image:
    """Red on the left, blue on the right."""
    picture = Image.new("RGB", size, "red")
    ImageDraw.Draw(picture).rectangle([size[0] // 2, 0, *size], fill="blue")
    return picture.convert(mode)


def encoded(picture: Image.Image, kind: str, **options) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def is_red(picture: Image.Image, at: tuple[int, int]) -> bool:
    red, _green, blue = picture.convert("RGB").crop((*at, at[0] + 1, at[1] + 1)).tobytes()
    return red > 200 > blue


def photo(kind: str = "JPEG", *, orientation: int = 1, size=(60, 40)) -> bytes:
    """A picture that tells who made it, where, and how the camera was held."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Make] = CAMERA
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    return encoded(drawing(size), kind, exif=exif)


def noise(size=(400, 300), mode: str = "RGB") -> Image.Image:
    return Image.effect_noise(size, 90).convert(mode)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF"])
def test_a_picture_is_measured_by_its_header(kind):
    data = encoded(drawing(), kind)
    mime_type = f"image/{kind.lower()}"
    assert measure(data) == Measured(mime_type, 60, 40)


def test_a_photo_held_upright_measures_upright():
    assert measure(photo(orientation=6)) == Measured("image/jpeg", 40, 60)


@pytest.mark.parametrize(
    "data", [b"", b"MZ", b"<svg/>", b"%PDF-1.7", encoded(drawing(), "PNG")[:20]]
)
def test_what_is_no_picture_measures_as_nothing(data):
    assert measure(data) is None


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
async def test_a_prepared_photo_is_upright_and_tells_nothing_of_its_owner(kind, orientation):
    ready = await prepare(photo(kind, orientation=orientation), accepts=ACCEPTS, alt="", name="a")
    with Image.open(io.BytesIO(ready.data)) as picture:
        picture.load()
        assert dict(picture.getexif()) == {}
        corners = {1: (0, 0), 3: (59, 0), 6: (0, 0), 8: (0, 59)}
        assert is_red(picture, corners[orientation])
    assert CAMERA.encode() not in ready.data
    assert (ready.width, ready.height) == ((60, 40) if orientation in (1, 3) else (40, 60))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(encoded(drawing(), "PNG"), id="png"),
        pytest.param(encoded(drawing(), "JPEG"), id="jpeg"),
        pytest.param(encoded(drawing(), "WEBP"), id="webp"),
    ],
)
async def test_a_picture_that_is_fine_stays_byte_for_byte(data):
    assert (await prepare(data, accepts=ACCEPTS, alt="a", name="b")).data == data


@pytest.mark.parametrize(
    ("kind", "mode", "becomes"),
    [
        ("GIF", "P", "image/png"),
        ("BMP", "RGB", "image/png"),
        ("TIFF", "CMYK", "image/png"),
        ("HEIF", "RGB", "image/jpeg"),
        ("AVIF", "RGBA", "image/png"),
    ],
)
async def test_what_models_do_not_take_is_converted(kind, mode, becomes):
    picture = drawing(mode=mode)
    if mode == "RGBA":
        picture.putpixel((59, 39), (0, 0, 0, 0))
    ready = await prepare(encoded(picture, kind), accepts=ACCEPTS, alt="", name="a")
    assert ready.mime_type == becomes
    with Image.open(io.BytesIO(ready.data)) as picture:
        assert is_red(picture, (2, 2))


async def test_sixteen_bits_are_scaled_and_not_clipped():
    grey = Image.new("I;16", (8, 8), 32_768)
    ready = await prepare(encoded(grey, "TIFF"), accepts=ACCEPTS, alt="", name="a")
    with Image.open(io.BytesIO(ready.data)) as picture:
        assert picture.convert("L").getpixel((0, 0)) == pytest.approx(128, abs=1)


async def test_of_a_moving_picture_the_first_frame_is_taken():
    frames = [drawing(), Image.new("RGB", (60, 40), "green")]
    data = encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:])
    ready = await prepare(data, accepts=ACCEPTS, alt="", name="a")
    assert getattr(Image.open(io.BytesIO(ready.data)), "n_frames", 1) == 1


async def test_a_large_picture_is_scaled_for_the_model():
    ready = await prepare(encoded(drawing((4_000, 100)), "PNG"), accepts=ACCEPTS, alt="", name="a")
    assert (ready.width, ready.height) == (MAX_SIDE, 77)


async def test_a_decompression_bomb_is_refused_before_it_is_decoded():
    bomb = encoded(Image.new("1", (20_000, 20_000)), "PNG")
    assert len(bomb) < 100_000
    with pytest.raises(QuestionError, match="too many pixels"):
        await prepare(bomb, accepts=ACCEPTS, alt="", name="bomb.png")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_way_a_camera_can_be_held_is_made_upright(orientation):
    picture = drawing((6, 4))
    picture.putpixel((0, 0), (0, 255, 0))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    data = encoded(picture, "TIFF", exif=exif)
    with Image.open(io.BytesIO(data)) as held:
        expected = ImageOps.exif_transpose(held).tobytes()
    ready = preparing._prepare(data, frozenset({"image/png"}), "a")
    with Image.open(io.BytesIO(ready)) as made:
        assert made.convert("RGB").tobytes() == expected


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "CMYK", "I;16"])
def test_a_huge_picture_is_shrunk_strip_by_strip_and_never_copied_whole(mode, monkeypatch):
    """A file of some hundred kilobytes would otherwise take gigabytes of memory."""
    seen: list[int] = []

    def watched(image: Image.Image) -> Image.Image:
        seen.append(image.width * image.height)
        return flattened(image)

    monkeypatch.setattr(shrinking, "flattened", watched)
    monkeypatch.setattr(shrinking, "LARGE_PIXELS", 100_000)
    huge = drawing((901, 700)).convert("L").convert("I;16") if mode == "I;16" else None
    small = reduced(huge or drawing((901, 700), mode), 200)
    assert small.size == (226, 175)
    if mode not in ("L", "I;16"):
        assert is_red(small, (10, 170))
        assert not is_red(small, (220, 3))
    assert max(seen) < 901 * 700 / 2


HEALTHY = (photo(), photo("PNG"), photo("WEBP"), encoded(drawing(), "GIF"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(HEALTHY), st.integers(0, 800), st.binary(max_size=8), st.booleans())
async def test_damaged_files_are_refused_with_words(data, at, junk, cut):
    damaged = data[:at] if cut else data[:at] + junk + data[at + len(junk) :]
    try:
        ready = await prepare(damaged, accepts=ACCEPTS, alt="", name="a.png")
    except QuestionError:
        return
    assert measure(ready.data) is not None


def test_drawings_of_lines_are_recognised():
    assert looks_like_vector(b'<?xml version="1.0"?>\n<svg xmlns="x"/>')
    assert looks_like_vector(b"  <SVG/>")
    assert not looks_like_vector(b"<?xml version='1.0'?><html/>")


@given(st.integers(8_000, 60_000), st.sampled_from(["RGB", "RGBA"]))
@settings(max_examples=10)
def test_a_lighter_picture_keeps_the_limit_its_shape_and_transparency(max_bytes, mode):
    picture = noise(mode=mode)
    if mode == "RGBA":
        picture.putalpha(90)
    made = encode_within(encoded(picture, "PNG"), max_bytes)
    assert made is not None
    assert len(made) <= max_bytes
    with Image.open(io.BytesIO(made)) as lighter:
        assert lighter.width / lighter.height == pytest.approx(4 / 3, rel=0.05)
        assert lighter.has_transparency_data == (mode == "RGBA")


def test_a_picture_that_cannot_become_so_small_is_given_up():
    assert encode_within(encoded(noise(), "PNG"), 100) is None
    assert encode_within(b"no picture", 100) is None


async def test_scaling_leaves_alone_what_fits():
    small = ImagePart(encoded(drawing(), "PNG"), "image/png")
    assert await scaled(small, 10_000) is small
    large = ImagePart(encoded(noise(), "PNG"), "image/png", alt="noise")
    made = await scaled(large, 20_000)
    assert len(made.data) <= 20_000
    assert (made.alt, made.mime_type) == ("noise", "image/jpeg")
    assert measure(made.data) == Measured("image/jpeg", made.width, made.height)
