"""Thought signatures that can be checked without remembering them.

A signature is bound to the auth code and the model, and that of a picture to its bytes as well. A
text part's is not bound to its words: callers may join unsigned stream fragments to a signed one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

_MAC_BYTES = 32
_NONCE_BYTES = 12


def sign(auth_code: str, model: str, content: bytes, *, characters: int, nonce: bytes) -> str:
    """Make a signature of about that many base64 characters; `content` is empty for text."""
    nonce = hashlib.sha256(nonce).digest()[:_NONCE_BYTES]
    head = nonce + _mac(auth_code, model, content, nonce)
    size = max(len(head), characters * 3 // 4 // 3 * 3)
    filler = hashlib.shake_256(head).digest(size - len(head))
    return base64.b64encode(head + filler).decode()


def is_valid(auth_code: str, model: str, content: bytes, signature: str) -> bool:
    """Whether `sign` made exactly this signature for the same caller, model and content."""
    try:
        raw = base64.b64decode(signature.replace("-", "+").replace("_", "/"), validate=True)
    except ValueError:
        return False
    head_bytes = _NONCE_BYTES + _MAC_BYTES
    head, filler = raw[:head_bytes], raw[head_bytes:]
    nonce, mac = head[:_NONCE_BYTES], head[_NONCE_BYTES:]
    if not hmac.compare_digest(mac, _mac(auth_code, model, content, nonce)):
        return False
    return hmac.compare_digest(filler, hashlib.shake_256(head).digest(len(filler)))


def _mac(auth_code: str, model: str, content: bytes, nonce: bytes) -> bytes:
    message = b"\0".join((model.encode(), nonce, hashlib.sha256(content).digest()))
    return hmac.digest(auth_code.encode(), message, "sha256")
