"""How one question is asked again, until it is answered or has to be given up."""

from __future__ import annotations

from collections.abc import Callable

from bot.chat.ports import ChatRequest
from bot.chat.profiles import Profile
from bot.errors import (
    ContextTooLongError,
    LLMError,
    SignatureError,
    TooLargeError,
    UnsupportedSettingError,
)
from bot.llm.healing import healed
from bot.llm.history import folded, without_signatures
from bot.llm.lightening import lightened, shortened
from bot.llm.retry import MAX_WAIT_SECONDS, backoff_seconds, retry_of


class Attempts:
    """The request and the profile to use next, the hosts to avoid; an error changes them, or ends
    it."""

    def __init__(
        self,
        request: ChatRequest,
        profile: Profile,
        hosts: int,
        chance: Callable[[], float],
    ) -> None:
        self.request = request
        self.profile = profile
        self.drawing = request.draw or profile.makes_images
        self.tried: set[str] = set()
        """Hosts that failed this question; when all have, another round begins."""
        self._hosts = hosts
        self._chance = chance
        self._failures = 0
        self._refused: set[str] = set()

    async def after(self, error: LLMError, host: str) -> float:
        """Prepare the next attempt and return the seconds to wait before it.

        Only for errors that came before anything of the answer was shown.

        Raises:
            LLMError: the given error, when asking again makes no sense.
        """
        if not (self.drawing and error.billable) and await self._mend(error):
            return 0.0
        retry = retry_of(error, drawing=self.drawing, hosts=self._hosts)
        if self._failures >= retry.times:
            raise error
        self._failures += 1
        if retry.other_host:
            self.tried.add(host)
            if len(self.tried) < self._hosts:
                return 0.0
            self.tried = {host}
        seconds = backoff_seconds(self._failures, error, retry, self._chance())
        if seconds > MAX_WAIT_SECONDS:
            raise error
        return seconds

    async def _mend(self, error: LLMError) -> bool:
        """Change the question so that the same refusal cannot come again."""
        match error:
            case UnsupportedSettingError(setting=setting) if setting not in self._refused:
                self._refused.add(setting)
                better = healed(self.profile, setting)
                if better is None:
                    return False
                self.profile = better
                return True
            case SignatureError():
                bare = without_signatures(self.request)
                if bare is None and "signature" not in self._refused:
                    # Some image models refuse even the unsigned words of another model.
                    self._refused.add("signature")
                    bare = folded(self.request)
                return self._ask_instead(bare)
            # A picture's history is the picture to change: without it another one would be made.
            case ContextTooLongError() if not (self.drawing or "length" in self._refused):
                self._refused.add("length")
                return self._ask_instead(shortened(self.request))
            case TooLargeError() if "size" not in self._refused:
                self._refused.add("size")
                return self._ask_instead(await lightened(self.request))
            case _:
                return False

    def _ask_instead(self, request: ChatRequest | None) -> bool:
        if request is None:
            return False
        self.request = request
        return True
