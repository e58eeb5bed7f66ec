"""How one question is asked again, until it is answered or has to be given up."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.chat.ports import ChatRequest
from bot.chat.profiles import Profile
from bot.errors import LLMError, SignatureError, UnsupportedSettingError
from bot.llm.healing import healed
from bot.llm.history import folded, without_signatures
from bot.llm.retry import MAX_WAIT_SECONDS, backoff_seconds, retry_of


class Attempts:
    """The request, the profile and the host to use next; an error changes them, or ends it."""

    def __init__(
        self,
        request: ChatRequest,
        profile: Profile,
        hosts: Sequence[str],
        chance: Callable[[], float],
    ) -> None:
        self.request = request
        self.profile = profile
        self.drawing = request.draw or profile.makes_images
        self._hosts = hosts
        self._turn = 0
        self._chance = chance
        self._failures = 0
        self._refused: set[str] = set()

    @property
    def host(self) -> str:
        """The base URL to use."""
        return self._hosts[self._turn % len(self._hosts)]

    def after(self, error: LLMError) -> float:
        """Prepare the next attempt and return the seconds to wait before it.

        Only for errors that came before anything of the answer was shown.

        Raises:
            LLMError: the given error, when asking again makes no sense.
        """
        if not (self.drawing and error.billable) and self._mend(error):
            return 0.0
        retry = retry_of(error, drawing=self.drawing, hosts=len(self._hosts))
        if self._failures >= retry.times:
            raise error
        self._failures += 1
        seconds = backoff_seconds(self._failures, error, retry, self._chance())
        if seconds > MAX_WAIT_SECONDS:
            raise error
        if retry.other_host:
            self._turn += 1
        return seconds

    def _mend(self, error: LLMError) -> bool:
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
                if bare is None:
                    return False
                self.request = bare
                return True
            case _:
                return False
