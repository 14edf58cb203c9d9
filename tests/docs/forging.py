"""Tokens that no library of good will would write."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping


def segment(data: bytes) -> str:
    """Give base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def compact(header: Mapping[str, object], claims: Mapping[str, object], secret: bytes) -> str:
    """Give a token signed with HS256, whatever its header says."""
    message = ".".join(segment(json.dumps(part).encode()) for part in (header, claims))
    return message + "." + segment(hmac.new(secret, message.encode(), hashlib.sha256).digest())
