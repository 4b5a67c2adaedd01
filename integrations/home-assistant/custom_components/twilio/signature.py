"""Twilio's webhook signature (Twilio docs: webhooks security), over every parameter and the public URL."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from urllib.parse import parse_qsl

Fields = list[tuple[str, str]]

_URL = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*://)([^/?#]*)([^#]*)")
_HOST_AND_PORT = re.compile(r"^(\[[^\]]*\]|[^:]*)(:\d*)?$")


def is_genuine(url: str, signature: str | None, token: str, fields: Fields, raw_body: bytes | None = None) -> bool:
    """
    True when the token made the signature. `url` is the one given to Twilio, its query as it came; `raw_body` is a body
    that is no form, which `bodySHA256` of the query must match. The port is tried as it is, absent, and spelled out,
    because Twilio drops it for voice over HTTPS. Neither time nor nonce is covered: repeats are for the caller to refuse.
    """
    if not signature or not token:
        return False
    if raw_body is not None and (fields or not _hash_matches(url, raw_body)):
        return False
    text = canonical(fields)
    given = signature.encode("utf-8", "surrogateescape")
    # No early end: the time must not tell which spelling matched.
    matches = [hmac.compare_digest(given, _sign(token, spelled + text)) for spelled in _spellings(url)]
    return any(matches)


def canonical(fields: Fields) -> str:
    """Names in order, each with its distinct values in order, nothing between them."""
    values: dict[str, set[str]] = {}
    for name, value in fields:
        values.setdefault(name, set()).add(value)
    return "".join(name + value for name in sorted(values) for value in sorted(values[name]))


def claim_keys(url: str, fields: Fields, raw_body: bytes | None = None) -> list[str]:
    """
    What makes two genuine webhooks the same one: all that was signed, and for messages SID and status. The second joins
    what Twilio repeats with other fields; the first stops what only looks new, as names and values are signed without
    borders between them. Twilio's own idempotency header is not signed and counts for nothing.
    """
    first: dict[str, str] = {}
    for name, value in fields:
        first.setdefault(name, value)
    signed = (url + canonical(fields)).encode("utf-8", "surrogatepass") + (raw_body or b"")
    keys = [hashlib.sha256(signed).hexdigest()]
    sid = first.get("MessageSid", "")
    status = first.get("MessageStatus") or first.get("SmsStatus", "")
    if re.fullmatch(r"(SM|MM)[0-9a-f]{32}", sid) and re.fullmatch(r"[a-z][a-z_-]{0,31}", status):
        keys.append(f"{sid}/{status}")
    return keys


def _spellings(url: str) -> list[str]:
    parts = _URL.match(url)
    if parts is None:
        return []
    scheme, authority, rest = parts[1].lower(), parts[2].rpartition("@")[2], parts[3]
    host_and_port = _HOST_AND_PORT.match(authority)
    if host_and_port is None or host_and_port[1] == "":
        return []
    host, port = host_and_port[1], host_and_port[2] or ""
    usual = ":443" if scheme == "https://" else ":80"
    return [scheme + host + spelled + rest for spelled in ("", port or usual)]


def _sign(token: str, text: str) -> bytes:
    mac = hmac.new(token.encode("utf-8"), text.encode("utf-8", "surrogatepass"), hashlib.sha1)
    return base64.b64encode(mac.digest())


def _hash_matches(url: str, raw_body: bytes) -> bool:
    query = dict(reversed(parse_qsl(url.partition("?")[2].partition("#")[0])))
    claimed = query.get("bodySHA256", "").lower().encode("utf-8")
    return hmac.compare_digest(claimed, hashlib.sha256(raw_body).hexdigest().encode("ascii"))
