"""One normaliser for everything that goes wrong upstream: any status, any body, either dialect.

Code and text weigh more than the status, which gateways remap. The words are those of the
gateway reference, sections 1.7, 2.9 and 4.
"""

from __future__ import annotations

import re

from bot.errors import (
    AuthCodeError,
    BlockedError,
    ContextTooLongError,
    CreditError,
    DailyLimitError,
    LLMError,
    ModelNotFoundError,
    RateLimitedError,
    RejectedError,
    SignatureError,
    TooLargeError,
    TooSlowError,
    UnavailableError,
    UnsupportedInputError,
    UnsupportedSettingError,
    Upstream,
)
from bot.llm.call import Call
from bot.llm.faults import DAILY_QUOTA, Fault, read_fault

MAX_DETAIL = 300
_WORD = re.compile(r"[\w.:/-]{1,80}", re.ASCII)
"""Codes and request ids, as far as they are known."""
CHALLENGE = "html"
"""Our code for a page where data was expected: bot protection, maintenance, a parked domain."""
PROXY_FAILED = "proxy"
"""Our code for what a proxy says that did not reach what is behind it, on a page or in words."""
REDIRECTED = "redirect"
"""Our code for a reply that sends us elsewhere; the auth code does not go there."""
BARE_402 = "402"
"""Our code for a 402 without a word about credit."""


def error_of(fault: Fault, call: Call, *, billable: bool = False) -> LLMError:
    """Our exception for these facts."""
    kind, code, setting = _judge(fault)
    code = word(code, call)
    upstream = Upstream(
        host=call.host,
        status=fault.status,
        code=code,
        request_id=word(fault.request_id, call) or call.request_id,
        should_retry=fault.should_retry,
        detail=told(fault.text, call),
    )
    billable = billable or kind is TooSlowError
    if kind is RateLimitedError and _PER_DAY.search(fault.text):
        kind = DailyLimitError
    if issubclass(kind, RateLimitedError):
        return kind(retry_after=fault.retry_after, upstream=upstream, billable=billable)
    if kind is UnsupportedSettingError:
        return UnsupportedSettingError(setting=setting, upstream=upstream, billable=billable)
    if kind is BlockedError:
        return BlockedError(reason=code, upstream=upstream, billable=billable)
    return kind(upstream=upstream, billable=billable)


def failure(body: bytes, call: Call, *, billable: bool) -> LLMError:
    """Our exception for an error inside a reply whose status was fine."""
    return error_of(read_fault(body, call.status), call, billable=billable)


_PER_DAY = re.compile(r"per.?day|daily|每日|每天|今日", re.IGNORECASE)

_SPECIFIC_CODES: dict[str, type[LLMError]] = {
    "insufficient_user_quota": CreditError,
    "pre_consume_token_quota_failed": CreditError,
    "insufficient_quota": CreditError,
    "insufficient_balance": CreditError,
    "billing_hard_limit_reached": CreditError,
    DAILY_QUOTA: DailyLimitError,
    "token_concurrency_limit_reached": RateLimitedError,
    "rate_limit_exceeded": RateLimitedError,
    "rate_limit_error": RateLimitedError,
    "invalid_api_key": AuthCodeError,
    "api_key_invalid": AuthCodeError,
    "authentication_error": AuthCodeError,
    "unauthenticated": AuthCodeError,
    "model_not_found": ModelNotFoundError,
    "channel:no_available_key": ModelNotFoundError,
    "context_length_exceeded": ContextTooLongError,
    "request_too_large": TooLargeError,
    "content_policy_violation": BlockedError,
    "content_filter": BlockedError,
    "moderation_blocked": BlockedError,
    "prompt_blocked": BlockedError,
    "sensitive_words_detected": BlockedError,
    "unsupported_parameter": UnsupportedSettingError,
    "unsupported_value": UnsupportedSettingError,
    "unknown_parameter": UnsupportedSettingError,
    "invalid_image_format": UnsupportedInputError,
    "unsupported_file": UnsupportedInputError,
    "empty_response": UnavailableError,
    "do_request_failed": UnavailableError,
    "bad_response": UnavailableError,
    "bad_response_body": UnavailableError,
    "overloaded_error": UnavailableError,
    "channel:invalid_key": UnavailableError,  # the gateway's own key, not the auth code
    "channel:response_time_exceeded": TooSlowError,
}

_PATTERNS: tuple[tuple[re.Pattern[str], type[LLMError]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), kind)
    for pattern, kind in (
        (r"thought.?signature", SignatureError),
        (
            r"余额不足|额度不足|额度已用尽|预扣费.{0,8}额度失败"
            r"|insufficient (?:user )?(?:credit|balance|quota|funds)"
            r"|(?:credit )?balance is too low|out of credits?|not enough (?:credit|balance)",
            CreditError,
        ),
        (r"无效的令牌|(?:invalid|incorrect) (?:api.?key|token|auth.?code)", AuthCodeError),
        (r"api key not valid", AuthCodeError),
        (r"无可用渠道|no available channel", ModelNotFoundError),
        (r"model .{1,80}(?:does not exist|not found)|models/\S+ is not found", ModelNotFoundError),
        (r"负载已饱和", RateLimitedError),
        (r"请求上游地址失败|location is not supported", UnavailableError),
        (
            r"input token count .{0,200}exceed|maximum context length|prompt is too long"
            r"|context.{1,20}(?:exceeded|too long)",
            ContextTooLongError,
        ),
        (r"payload size exceeds|request entity too large|body too large", TooLargeError),
        (
            r"unable to process input image|unsupported (?:mime|image|file)"
            r"|(?:mime|media) ?type.{0,60}not supported|could not process image"
            r"|invalid image",
            UnsupportedInputError,
        ),
        (r"content.?polic|safety system|prohibited.content|prompt.{0,20}blocked", BlockedError),
        (
            r"unsupported (?:parameter|value)|unrecognized request argument"
            r"|unknown name|unknown (?:parameter|field)|not supported (?:with|by|for) this model"
            r"|cannot both be specified|streaming is not|not support stream|verified to stream"
            r"|(?:aspect.?ratio|image.?size).{0,80}(?:invalid|support|must|allowed|unknown)"
            r"|(?:invalid|unsupported|unknown).{0,40}(?:aspect.?ratio|image.?size)"
            r"|(?:tools?|function.?call\w*|function.?declarations?).{0,40}"
            r"(?:not (?:be )?(?:supported|enabled|allowed|available)|unsupported)"
            r"|not support.{0,40}(?:tools?\b|tool use|function.?call)",
            UnsupportedSettingError,
        ),
    )
)

_GENERAL_CODES: dict[str, type[LLMError]] = {
    "resource_exhausted": RateLimitedError,
    "permission_denied": AuthCodeError,
    "permission_error": AuthCodeError,
    "access_denied": AuthCodeError,
    "not_found": ModelNotFoundError,
    "not_found_error": ModelNotFoundError,
    "internal": UnavailableError,
    "unavailable": UnavailableError,
    "deadline_exceeded": TooSlowError,
    "server_error": UnavailableError,
    "api_error": UnavailableError,
}

_STATUSES: dict[int, type[LLMError]] = {
    401: AuthCodeError,
    402: CreditError,
    403: AuthCodeError,
    404: ModelNotFoundError,
    408: UnavailableError,
    409: UnavailableError,
    413: TooLargeError,
    425: UnavailableError,
    429: RateLimitedError,
    499: UnavailableError,
    504: TooSlowError,
    524: TooSlowError,
}

_SETTING_WORDS = re.compile(
    r"max_completion_tokens|max_tokens|temperature|top_?p|reasoning_effort|stream_options"
    r"|\bstream(?:ing)?\b"
    r"|thinking_?(?:level|budget|config)|aspect.?ratio|image.?size|response_?modalities"
    r"|google_?search|messages\[0\]\.role|tool_?choice|\btools?\b|function.?(?:call|declaration)\w*",
    re.IGNORECASE,
)
_CAMEL = {
    "streaming": "stream",
    "topp": "topP", "thinkinglevel": "thinkingLevel", "thinkingbudget": "thinkingBudget",
    "thinkingconfig": "thinkingConfig", "aspectratio": "aspectRatio", "imagesize": "imageSize",
    "responsemodalities": "responseModalities", "googlesearch": "googleSearch",
}  # fmt: skip


def may_be_billed(fault: Fault) -> bool:
    """Whether the model may have worked although an error status came back.

    A proxy that ran out of patience says 408, 504 or 524. A 502 or 503 comes before the work only
    if the gateway itself says so, with a document of its own, or if a proxy could not connect.
    """
    if fault.status in (408, 504, 524):
        return True
    if fault.status not in (502, 503, 520, 521, 522, 523):
        return False
    is_told = fault.is_document and bool(fault.messages)
    return not (is_told or _NOT_CONNECTED.match(fault.text))


_NOT_CONNECTED = re.compile(
    r"(?!.*retried).*"  # the last of several tries tells nothing of those before
    r"(?:connection refused|reset reason: (?:local |remote )?connection failure)",
    re.IGNORECASE | re.DOTALL,
)
_PROXY_STATUSES = (502, 520, 521, 522, 523, 525, 526, 530)


def _judge(fault: Fault) -> tuple[type[LLMError], str, str]:
    """The class, the code to log, and the setting concerned."""
    if fault.html:
        return _judge_page(fault.status)
    if 300 <= (fault.status or 0) < 400:
        return UnavailableError, REDIRECTED, ""
    text = fault.text
    for code in fault.codes:
        if kind_of_code := _SPECIFIC_CODES.get(code):
            return kind_of_code, code, _setting(fault)
    logged = fault.codes[0] if fault.codes else ""
    for pattern, kind_of_text in _PATTERNS:
        if pattern.search(text):
            return kind_of_text, logged, _setting(fault)
    for code in fault.codes:
        if kind_of_code := _GENERAL_CODES.get(code):
            return kind_of_code, code, ""
    status = fault.status or 0
    if status == 402 and not logged and text.strip().lower() in ("", "error"):
        return CreditError, BARE_402, ""
    if fault.messages and not fault.is_document and status in (503, *_PROXY_STATUSES):
        return UnavailableError, PROXY_FAILED, ""
    if kind_of_status := _STATUSES.get(status):
        return kind_of_status, logged, ""
    if 400 <= status < 500:
        return RejectedError, logged, ""
    # 5xx, refused redirects, and errors inside a 200.
    return UnavailableError, logged, ""


def _judge_page(status: int | None) -> tuple[type[LLMError], str, str]:
    """A page of HTML says what its status says, if that is a proxy's; its words say nothing."""
    if status in (413, 429, 504, 524):
        return _STATUSES[status], "", ""
    if status in (500, *_PROXY_STATUSES):
        return UnavailableError, PROXY_FAILED, ""
    return UnavailableError, CHALLENGE, ""


def _setting(fault: Fault) -> str:
    """The wire's name of the setting an error is about; empty for one we never send."""
    for text in (fault.param, fault.text):
        if found := _SETTING_WORDS.search(text):
            word = found[0]
            if word.lower().startswith(("tool", "function")):
                return "tools"
            bare = re.sub(r"[^a-z]", "", word.lower())
            return word if word in ("top_p", "messages[0].role") else _CAMEL.get(bare, word)
    return ""


_SECRETS = re.compile(
    r"\b(?:sk|pk|key|rk)-[\w*-]{6,}|\bAIza[\w-]{10,}|\bBearer\s+\S+"
    r"|(?:(?:data:)?image/[\w.+-]+;base64,)?[A-Za-z0-9+/_=-]{40,}"
)


def told(text: str, call: Call) -> str:
    """What people may read of words from outside: one line, no secrets, not too long."""
    if not text.isprintable():
        text = "".join(character if character.isprintable() else " " for character in text)
    text = " ".join(text.split())
    if call.authcode:
        # Codes are compared in lower case.
        text = re.sub(re.escape(call.authcode), "[removed]", text, flags=re.IGNORECASE)
    return _SECRETS.sub("[removed]", text)[:MAX_DETAIL]


def word(text: str, call: Call) -> str:
    """A code or an id from outside; empty where it says anything else, as sentences do."""
    text = told(text, call)
    return text if _WORD.fullmatch(text) else ""
