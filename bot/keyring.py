"""Servers' own auth codes, encrypted with the operator's keys."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from bot.chat.preferences import SealedKey
from bot.errors import AccessError, SettingsError
from bot.i18n import _
from bot.redaction import conceal

TAIL_LENGTH = 4


class Keyring:
    """Seals and opens auth codes; without keys it does neither."""

    def __init__(self, keys: Sequence[str] = ()) -> None:
        """`keys` are Fernet keys, newest first: the first seals, any opens.

        Raises:
            SettingsError: one is no Fernet key.
        """
        try:
            fernets = [Fernet(key) for key in keys]
        except ValueError:
            # The message of the library would not help, and the key is not repeated.
            raise SettingsError(
                ["SECRETS_KEY holds something that is no Fernet key; see .env.example"]
            ) from None
        self._fernet = MultiFernet(fernets) if fernets else None

    def check(self) -> MultiFernet:
        """What seals and opens.

        Raises:
            AccessError: the operator has set no key.
        """
        if self._fernet is None:
            raise AccessError(
                _(
                    "Auth codes of servers cannot be kept here: the bot's operator has to set "
                    "SECRETS_KEY first. Nothing was stored."
                )
            )
        return self._fernet

    def seal(self, authcode: str) -> SealedKey:
        """Encrypt an auth code.

        Raises:
            AccessError: the operator has set no key.
        """
        conceal(authcode)
        return SealedKey(self.check().encrypt(authcode.encode()), authcode[-TAIL_LENGTH:])

    def open(self, key: SealedKey) -> str:
        """Decrypt an auth code.

        Raises:
            AccessError: none of the operator's keys fits (any more).
        """
        try:
            if self._fernet is not None:
                authcode = self._fernet.decrypt(key.data).decode()
                conceal(authcode)
                return authcode
        except InvalidToken:
            pass
        raise AccessError(
            _(
                "This server's own auth code cannot be read any more. A server admin has to enter "
                "it again with `/config authcode`, or to remove it."
            )
        )
