from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.settings import Settings

GOOD = {"discord_token": "a.b.c", "liaobots_auth_code": "code"}


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # no .env here
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def problems(**given) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        Settings.load({**GOOD, **given})
    return caught.value.problems


def test_defaults_are_those_of_the_product():
    settings = Settings.load(GOOD)
    assert settings.discord_api_url == "https://discord.com/api/v10"
    assert settings.gateway_urls == (
        "https://ai.liaobots.work",
        "https://ai.liaobots1.work",
        "https://ai.liaobots2.work",
        "https://ai.liaobots3.work",
    )
    assert settings.default_chat_model == "gpt-4o"
    assert settings.default_image_model == "gemini-3-pro-image-preview"


def test_every_problem_is_told_at_once_with_its_variable(monkeypatch):
    monkeypatch.setenv("LIAOBOTS_BASE_URL", "ftp://x")
    monkeypatch.setenv("LOG_LEVEL", "loud")
    monkeypatch.setenv("DATABASE_URL", "mysql://root:hunter2@db/x")
    with pytest.raises(SettingsError) as caught:
        Settings.load()
    told = "\n".join(caught.value.problems)
    for name in (
        "DISCORD_TOKEN",
        "LIAOBOTS_AUTH_CODE",
        "LIAOBOTS_BASE_URL",
        "LOG_LEVEL",
        "DATABASE_URL",
    ):
        assert name in told
    assert "hunter2" not in told


def test_an_empty_variable_counts_as_not_set(monkeypatch):
    monkeypatch.setenv("DISCORD_TOKEN", "")
    with pytest.raises(SettingsError) as caught:
        Settings.load({"liaobots_auth_code": "x"})
    assert caught.value.problems == ["DISCORD_TOKEN is not set"]


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("http://127.0.0.1:8080/api/v10", True),
        ("https://proxy.example/api/v10/", True),
        ("http://proxy.example", False),
        ("not an address", False),
        ("https://[broken", False),
        ("https://example.com:99999", False),
    ],
)
def test_an_address_is_https_or_on_this_machine(url, good):
    if good:
        assert Settings.load({**GOOD, "discord_api_url": url}).discord_api_url == url.rstrip("/")
    else:
        assert [p for p in problems(discord_api_url=url) if p.startswith("DISCORD_API_URL ")]


def test_backup_hosts_are_split_at_commas(monkeypatch):
    monkeypatch.setenv("LIAOBOTS_BACKUP_URLS", "https://a.example, https://b.example/ ,")
    assert Settings.load(GOOD).liaobots_backup_urls == ("https://a.example", "https://b.example")


def test_a_secret_that_cannot_be_one_is_refused_without_being_repeated():
    told = problems(discord_token="two words")
    assert told[0].startswith("DISCORD_TOKEN ")
    assert "words" not in told[0]


def test_only_a_discord_on_this_machine_keeps_its_own_files():
    assert Settings.load(GOOD).loopback_discord is None
    elsewhere = {"discord_api_url": "https://127.0.0.1.example/api/v10"}
    assert Settings.load(GOOD | elsewhere).loopback_discord is None
    here = {"discord_api_url": "http://127.0.0.1:8080/api/v10"}
    assert Settings.load(GOOD | here).loopback_discord == here["discord_api_url"]


def test_everything_secret_is_known_to_be_so():
    given = {"database_url": "postgres://u:p%40ss@h/d", "secrets_key": "one,two"}
    secrets = set(Settings.load(GOOD | given).secrets)
    assert {"p%40ss", "p@ss", "one", "two"} <= secrets
    assert {GOOD["discord_token"], GOOD["liaobots_auth_code"]} <= secrets


def test_secrets_never_print():
    settings = Settings.load({**GOOD, "database_url": "postgres://u:hunter2@h/d"})
    shown = f"{settings!r} {settings}"
    assert "a.b.c" not in shown
    assert "hunter2" not in shown


def test_the_example_file_names_every_setting_in_order():
    example = Path(__file__).parent.parent / ".env.example"
    named = re.findall(r"^(?:# )?([A-Z_]+)=", example.read_text(), re.MULTILINE)
    assert named == [name.upper() for name in Settings.model_fields]
