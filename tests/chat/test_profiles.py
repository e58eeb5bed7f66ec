from __future__ import annotations

import pytest

from bot.chat.profiles import (
    ALL_RATIOS,
    COMMON_RATIOS,
    KNOWN_CHAT_MODELS,
    KNOWN_IMAGE_MODELS,
    Dialect,
    normalize_size,
    profile_of,
)


@pytest.mark.parametrize(
    ("model", "dialect", "makes_images"),
    [
        ("gpt-4o", Dialect.OPENAI, False),
        ("claude-sonnet-4-6", Dialect.OPENAI, False),
        ("deepseek-r1", Dialect.OPENAI, False),
        ("somebody/new-model", Dialect.OPENAI, False),
        ("gemini-3-pro-preview", Dialect.GEMINI, False),
        ("Gemini-9-Flash", Dialect.GEMINI, False),
        ("gemini-3-pro-image-preview", Dialect.GEMINI, True),
        ("gemini-nano-banana-2.1", Dialect.GEMINI, True),
        ("nano-banana-pro-preview", Dialect.GEMINI, True),
        ("gemini-2.5-flash-image", Dialect.GEMINI, True),
        ("gemini-9-flash-image", Dialect.GEMINI, True),
        ("gpt-image-2", Dialect.OPENAI, True),
    ],
)
def test_the_dialect_and_the_pictures_follow_from_the_id(
    model: str, dialect: Dialect, makes_images: bool
) -> None:
    profile = profile_of(model)
    assert (profile.dialect, profile.makes_images) == (dialect, makes_images)


@pytest.mark.parametrize(
    ("model", "sizes", "ratios", "references", "searches"),
    [
        ("gemini-2.5-flash-image", (), COMMON_RATIOS, 3, False),
        ("gemini-3-pro-image-preview", ("1K", "2K", "4K"), COMMON_RATIOS, 14, True),
        ("gemini-3.1-flash-image-preview", ("512", "1K", "2K", "4K"), ALL_RATIOS, 14, True),
        ("gemini-3.1-flash-lite-image", ("1K",), COMMON_RATIOS, 14, False),
        ("gemini-nano-banana-2.1", ("1K", "2K", "4K"), ALL_RATIOS, 14, True),
    ],
)
def test_image_models_know_their_formats(
    model: str, sizes: tuple[str, ...], ratios: tuple[str, ...], references: int, searches: bool
) -> None:
    profile = profile_of(model)
    assert profile.image_sizes == sizes
    assert profile.aspect_ratios == ratios
    assert (profile.max_references, profile.searches) == (references, searches)


@pytest.mark.parametrize(
    ("model", "by_default", "without_reasoning"),
    [
        ("gpt-4.1", True, True),
        ("chatgpt-4o-latest", True, True),
        ("o3", False, False),
        ("gpt-5", False, False),
        ("gpt-5-mini", False, False),
        ("gpt-5-chat-latest", True, True),
        ("gpt-5.1", True, True),
        ("gpt-5.1-chat-latest", False, False),
        ("gpt-5.1-codex-max", False, False),
        ("gpt-5.2-pro", False, False),
        ("gpt-5.4-mini", True, True),
        ("gpt-5.5", False, True),
        ("gpt-5.6-luna", False, True),
        ("gpt-7", False, True),
        ("claude-opus-4-8", False, False),
        ("claude-sonnet-5", False, False),
        ("claude-sonnet-4-5", True, True),
        ("gemini-2.5-pro", True, True),
        ("gemini-3.6-flash", False, False),
    ],
)
def test_sampling_depends_on_reasoning(
    model: str, by_default: bool, without_reasoning: bool
) -> None:
    profile = profile_of(model)
    assert profile.takes_sampling(None) is by_default
    assert profile.takes_sampling("none") is without_reasoning


@pytest.mark.parametrize(
    ("model", "asked", "effort"),
    [
        ("gpt-5", "minimal", "minimal"),
        ("gpt-5.4", "minimal", "low"),
        ("gpt-5", "none", "minimal"),
        ("o3", "none", "low"),
        ("gpt-4o", "high", None),
        ("gpt-5", None, None),
        ("gpt-5", "nonsense", None),
        ("gemini-3-pro-preview", "medium", "high"),
        ("gemini-nano-banana-2.1", "low", "medium"),
    ],
)
def test_an_effort_becomes_the_nearest_the_model_knows(
    model: str, asked: str | None, effort: str | None
) -> None:
    assert profile_of(model).effort(asked) == effort


@pytest.mark.parametrize(
    ("model", "tokens"),
    [
        ("gpt-4o", 128_000),
        ("gpt-4.1-mini", 1_047_576),
        ("gpt-5.3-codex", 400_000),
        ("gpt-5.4", 1_050_000),
        ("gpt-5.4-nano", 400_000),
        ("claude-haiku-4-5", 200_000),
        ("claude-opus-4-6", 200_000),
        ("claude-opus-4-8", 1_000_000),
        ("claude-sonnet-4-5", 1_000_000),
        ("gemini-3-pro-image", 65_536),
        ("gemini-nano-banana-2.1", 131_072),
    ],
)
def test_the_window_follows_from_the_id(model: str, tokens: int) -> None:
    assert profile_of(model).window_tokens == tokens


def test_inputs_differ_between_models() -> None:
    assert profile_of("gemini-3.5-flash").takes("video/mp4")
    assert not profile_of("gemini-3.5-flash").takes("image/gif")
    assert profile_of("gpt-4o").takes("image/gif")
    assert not profile_of("gpt-4o").takes("audio/mpeg")
    assert profile_of("gpt-4o").vision
    assert not profile_of("gpt-3.5-turbo").vision


def test_only_the_first_reasoning_models_refuse_the_system_role() -> None:
    assert not profile_of("o1-preview").system_role
    assert profile_of("o1").system_role


def test_suggested_models_are_of_their_kind() -> None:
    assert not any(profile_of(model).makes_images for model in KNOWN_CHAT_MODELS)
    assert all(profile_of(model).makes_images for model in KNOWN_IMAGE_MODELS)


@pytest.mark.parametrize(
    ("size", "spelled"),
    [("2k", "2K"), (" 4K ", "4K"), ("1k", "1K"), ("0.5K", "512"), ("512px", "512"), ("512", "512")],
)
def test_a_size_is_spelled_as_the_provider_does(size: str, spelled: str) -> None:
    assert normalize_size(size) == spelled


@pytest.mark.parametrize("size", ["3K", "", "1024", "1024x1024"])
def test_an_unknown_size_is_refused(size: str) -> None:
    with pytest.raises(ValueError, match="unknown picture size"):
        normalize_size(size)
