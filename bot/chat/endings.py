"""How a reply ends: which state is stored, and what the member reads."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto

from bot.chat.events import Finished, FinishReason, Usage
from bot.chat.names import plain
from bot.chat.turns import Ending, Task, TurnState
from bot.errors import (
    AuthCodeError,
    BlockedError,
    BotError,
    BrokenStreamError,
    ClosingError,
    ContextTooLongError,
    CreditError,
    DailyLimitError,
    ModelNotFoundError,
    OverlongError,
    RateLimitedError,
    RejectedError,
    SignatureError,
    StorageError,
    TooLargeError,
    TooSlowError,
    UnavailableError,
    UnsupportedInputError,
    UnsupportedSettingError,
)
from bot.i18n import _, ngettext


class Halt(Enum):
    """Why we ended a reply before its model did."""

    STOPPED = auto()
    """A member pressed Stop."""
    LOST = auto()
    """Nobody can see the reply any more."""
    SHUTDOWN = auto()
    """The bot is going down."""


def halted(why: Halt, *, has_text: bool) -> Ending:
    """The ending of a reply that we ended ourselves."""
    match why:
        case Halt.STOPPED:
            return again(TurnState.STOPPED, has_text=has_text)
        case Halt.LOST:
            return Ending(TurnState.FAILED)
        case Halt.SHUTDOWN:
            return interrupted(has_text=has_text)


def interrupted(*, has_text: bool) -> Ending:
    """The ending of a reply that a restart of the bot cut off."""
    words = _("Interrupted: the bot was restarted.")
    return Ending(TurnState.INTERRUPTED, words, can_retry=True, can_continue=has_text)


def again(state: TurnState, *, has_text: bool) -> Ending:
    """The ending of an answer that is shown once more, such as another variant."""
    match state:
        case TurnState.LENGTH:
            return Ending(state, _("Cut off at the model's length limit."), can_continue=True)
        case TurnState.STOPPED:
            return Ending(state, _("Stopped."), can_continue=has_text)
        case TurnState.COMPLETE:
            return Ending(state)
        case _:
            words = _("This answer is not complete.")
            return Ending(state, words, can_retry=True, can_continue=has_text)


def facts(model: str, usage: Usage | None) -> str:
    """The model and what it used, in one line."""
    model = plain(model)  # a gateway may name it as it likes
    if usage is None:
        return model
    count = ngettext("{count} token", "{count} tokens", usage.total).format(
        count=f"{usage.total:,}"
    )
    return f"{model} · {count}"


def finished(event: Finished, *, task: Task, has_text: bool, has_images: bool) -> Ending:
    """The ending of a reply whose model ended by itself."""
    seen = has_text or has_images
    match event.reason:
        case FinishReason.LENGTH if seen:
            return again(TurnState.LENGTH, has_text=has_text)
        case FinishReason.LENGTH:
            words = _(
                "The model used its whole length limit for thinking and wrote nothing. "
                "Ask for something shorter."
            )
            return Ending(TurnState.FAILED, words, can_retry=True)
        case FinishReason.FILTERED:
            return Ending(TurnState.FILTERED, _withheld(event), can_retry=True)
        case FinishReason.NO_IMAGE if not has_images:
            words = event.message or _("The model made no picture this time.")
            words = _("{reason} Describe the picture differently, or try once more.").format(
                reason=words
            )
            return Ending(TurnState.FAILED, words, can_retry=True)
        case _ if not seen:
            words = event.message or _("The model ended without an answer.")
            return Ending(TurnState.FAILED, words, can_retry=True)
        case _ if task is Task.IMAGE and not has_images:
            words = _("The model answered in words and made no picture.")
            return Ending(TurnState.COMPLETE, words, can_retry=True)
        case _:
            return Ending(TurnState.COMPLETE)


def drawn(
    outcomes: Sequence[Finished | BotError], made: Sequence[bool], *, has_text: bool
) -> Ending:
    """The ending of a reply with pictures, by how each call ended and whether it made one."""
    if not any(made):
        return _undrawn(outcomes[0], has_text=has_text)
    missed = [outcome for outcome, there in zip(outcomes, made, strict=True) if not there]
    if missed:
        words = _("{made} of {count} pictures were made. {reason}").format(
            made=len(outcomes) - len(missed),
            count=len(outcomes),
            reason=_undrawn(missed[0], has_text=False).words,
        )
        return Ending(TurnState.COMPLETE, words)
    if any(isinstance(outcome, BotError) for outcome in outcomes):
        return Ending(TurnState.COMPLETE, _("The answer broke off after this."))
    return Ending(TurnState.COMPLETE)


def undrawn(error: BotError, *, has_text: bool) -> Ending:
    """The ending of a chat model's answer whose pictures may not be made."""
    state = TurnState.COMPLETE if has_text else TurnState.FAILED
    return Ending(state, sentence(error))


def _undrawn(outcome: Finished | BotError, *, has_text: bool) -> Ending:
    if isinstance(outcome, BotError):
        return failed(outcome, has_text=has_text)
    return finished(outcome, task=Task.IMAGE, has_text=has_text, has_images=False)


def failed(error: BotError, *, has_text: bool) -> Ending:
    """The ending of a reply that an error cut off or prevented."""
    if isinstance(error, BlockedError):
        return Ending(TurnState.FILTERED, sentence(error), can_retry=True)
    words = sentence(error)
    if has_text:
        words = _("The answer broke off here. {reason}").format(reason=words)
    return Ending(TurnState.FAILED, words, can_retry=True, can_continue=has_text)


def unexpected() -> Ending:
    """The ending of a reply that met a fault of our own."""
    words = _("Something went wrong inside the bot; its operator can find it in the log.")
    return Ending(TurnState.FAILED, words, can_retry=True)


def sentence(error: BotError) -> str:
    """What a member reads about an error: the cause and the next step."""
    words = _cause(error)
    match error:
        case UnavailableError(billable=True) | BrokenStreamError(billable=True):
            return _("{reason} The service may have charged for it all the same.").format(
                reason=words
            )
        case _:
            return words


def _cause(error: BotError) -> str:
    match error:
        case ClosingError():
            return _("I am being restarted. Ask again in a minute.")
        case StorageError():
            return _(
                "My memory is in trouble, so I cannot do this just now. Try again in a few "
                "minutes; the bot's operator can find the cause in the log."
            )
        case TooSlowError():
            return _("The AI service took too long. Try again, or choose a faster model.")
        case UnavailableError():
            return _("The AI service cannot be reached right now. Try again in a minute.")
        case DailyLimitError():
            return _("The AI service's allowance for today is used up. Choose another model.")
        case RateLimitedError(retry_after=float(seconds)) if seconds >= 1:
            return _("The AI service is busy. Try again in {seconds} seconds.").format(
                seconds=round(seconds)
            )
        case RateLimitedError():
            return _("The AI service is busy. Try again in a minute.")
        case AuthCodeError(on_own_code=True):
            return _(
                "The AI service does not accept this server's own auth code for this. A server "
                "admin has to check it and to enter it again with /config authcode."
            )
        case AuthCodeError():
            return _(
                "The AI service does not accept the bot's auth code for this. "
                "The bot's operator has to check it."
            )
        case CreditError(on_own_code=True):
            return _(
                "The credit of this server's own auth code is used up. A server admin has to top "
                "it up, or to enter another one with /config authcode."
            )
        case CreditError():
            return _(
                "The credit for the AI service is used up. The bot's operator has to top it up."
            )
        case ModelNotFoundError():
            return _(
                "The AI service does not know or does not serve this model. Choose another one: "
                "/ask has a model option, and admins set the channel's with /config model."
            )
        case ContextTooLongError():
            return _(
                "This conversation is too long for the model. Ask more briefly, "
                "or start afresh with /conversation clear."
            )
        case TooLargeError():
            return _("The attached files are too large for the AI service. Send smaller ones.")
        case UnsupportedInputError():
            return _("The model cannot read one of the files: wrong kind, or damaged.")
        case UnsupportedSettingError(setting=str(name)) if name:
            return _("This model does not take the setting {name}. Choose another value.").format(
                name=name
            )
        case SignatureError():
            return _("The model cannot go on from the earlier picture. Ask anew with the picture.")
        case RejectedError():
            return _("The AI service refused this request. Ask differently or with another model.")
        case BlockedError():
            return _("The provider's rules forbid this request. Ask differently.")
        case OverlongError():
            return _("The answer became longer than any answer can be, and was ended.")
        case BrokenStreamError():
            return _("The AI service stopped in the middle of its answer.")
        case _:
            return str(error)


def _withheld(event: Finished) -> str:
    if event.message:
        return _("Withheld by the provider's filter: {reason}").format(reason=event.message)
    return _("The provider's filter withheld the answer. Ask differently.")
