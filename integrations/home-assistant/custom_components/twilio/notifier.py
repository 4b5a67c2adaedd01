"""`notify.<name>` by text and by call: every target is tried, and a failure of any reaches the automation."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import voluptuous as vol
from homeassistant.components.notify import (
    ATTR_DATA,
    ATTR_TARGET,
    BaseNotificationService,
)
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import Event, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from . import const
from .client import Failure, TwilioClient

_LOGGER = logging.getLogger(__name__)

Form = list[tuple[str, str]]

_XML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"})
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Result:
    """What became of one target. `status` is Twilio's word, else `rejected` or `unknown`; `error` says why."""

    target: str
    id: str | None
    status: str
    twilio_code: int | None = None
    error: str | None = None


@dataclass(frozen=True)
class Platform:
    """How a notification becomes a create of Twilio's."""

    kind: str
    resource: str
    content: Callable[[str, dict[str, Any]], Form]


class TwilioNotificationService(BaseNotificationService):
    """One `notify:` block."""

    def __init__(self, client: TwilioClient, platform: str, sender: str) -> None:
        self._client = client
        self._platform = platform
        self._sender = sender

    async def async_send_message(self, message: str = "", **kwargs: Any) -> None:
        """Throws `ServiceValidationError` before anything is sent, `HomeAssistantError` where any target failed."""
        targets = [target.strip() for target in kwargs.get(ATTR_TARGET) or [] if target.strip()]
        if not targets:
            raise ServiceValidationError(const.SAY_NO_TARGET)
        content = PLATFORMS[self._platform].content(message, kwargs.get(ATTR_DATA) or {})
        # Whoever asked may be stopped meanwhile, as an automation that is restarted or turned off; all targets are tried.
        delivery = self.hass.async_create_task(self.deliver(targets, content))

        async def finish(_event: Event) -> None:
            """When it stops, Home Assistant waits for what its stop began, and not for what was under way."""
            await asyncio.wait([delivery])

        forget = self.hass.bus.async_listen(EVENT_HOMEASSISTANT_STOP, finish)
        delivery.add_done_callback(lambda _: forget())
        try:
            results = await asyncio.shield(delivery)
        except asyncio.CancelledError:
            delivery.add_done_callback(_log_untold)
            raise
        if any(result.error is not None for result in results):
            raise HomeAssistantError(_told(results))

    async def deliver(self, targets: list[str], content: Form) -> list[Result]:
        """A result for each target in its order; a number that is named twice, in whatever spelling, is sent to once."""
        gate = asyncio.Semaphore(const.PARALLEL)

        async def one(target: str) -> Result:
            async with gate:
                return await self._send(target, content)

        addresses = [_address(self._platform, "target", target) or target for target in targets]
        distinct = dict(zip(reversed(addresses), reversed(targets), strict=True))
        found = dict(zip(distinct, await asyncio.gather(*map(one, distinct.values())), strict=True))
        return [replace(found[address], target=target) for address, target in zip(addresses, targets, strict=True)]

    async def _send(self, target: str, content: Form) -> Result:
        to = _address(self._platform, "target", target)
        if to is None:
            return Result(target, None, "rejected", error=_bad_target(target))
        platform = PLATFORMS[self._platform]
        at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        try:
            record = await self._client.create(platform.resource, [("To", to), ("From", self._sender), *content])
        except Failure as failure:
            if not failure.unsure:
                return Result(target, None, "rejected", failure.twilio_code, failure.reason)
            what = const.SAY_WHAT.format(kind=platform.kind, target=target, at=at)
            unsure = const.SAY_UNSURE.format(what=what, reason=failure.reason)
            return Result(target, None, "unknown", error=f"{unsure} {const.SAY_DO_NOT_RESEND}")
        return Result(target, record["sid"], str(record.get("status") or "queued"))


def notification_service(hass: HomeAssistant, platform: str, sender: str) -> TwilioNotificationService | None:
    """The service of a `notify:` block, or None with the reason in the log where there is no account."""
    client = hass.data.get(const.DOMAIN)
    if client is None:
        _LOGGER.error(const.SAY_NO_BLOCK.format(platform=platform))
        return None
    return TwilioNotificationService(client, platform, sender)


def sender_of(platform: str) -> Callable[[Any], str]:
    """A validator of `from_number`, which gives the plus back to a number that YAML took for an integer."""
    text = const.SAY_BAD_CALLER if platform == "twilio_call" else const.SAY_BAD_SENDER

    def validate(value: Any) -> str:
        given = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
        address = _address(platform, "sender", given)
        if address is None:
            raise vol.Invalid(text.format(value=repr(value)))
        return f"+{address}" if re.search(const.BARE_SENDER[platform], address) else address

    return validate


def _text(message: str, data: dict[str, Any]) -> Form:
    media = data.get("media_url")
    urls = [] if media is None else media if isinstance(media, list) else [media]
    for url in urls:
        if not isinstance(url, str):
            raise ServiceValidationError(
                const.SAY_BAD_DATA.format(name="media_url", value=repr(url), expected="an address, or a list of them")
            )
    return [("Body", message), *(("MediaUrl", url) for url in urls)]


def _spoken(message: str, data: dict[str, Any]) -> Form:
    """A message that is a URL is the address of the TwiML, any other is spoken; none travels in a third party's URL."""
    if message.startswith(("http://", "https://")):
        return [("Url", message)]
    if message.strip() == "":
        raise ServiceValidationError(const.SAY_NO_TEXT)
    attributes = "".join(_attribute(name, data.get(name)) for name in ("voice", "language"))
    spoken = _NO_XML.sub(" ", message).translate(_XML)
    twiml = f"<Response><Say{attributes}>{spoken}</Say></Response>"
    for length, most, text in (
        (_length(message), const.SAY_CHARACTERS, const.SAY_SPOKEN_TOO_LONG),
        (_length(twiml), const.TWIML_CHARACTERS, const.SAY_TWIML_TOO_LONG),
    ):
        if length > most:
            raise ServiceValidationError(text.format(length=length, max=most))
    return [("Twiml", twiml)]


PLATFORMS = {
    "twilio_sms": Platform("text", "Messages", _text),
    "twilio_call": Platform("call", "Calls", _spoken),
}


def _length(text: str) -> int:
    """In UTF-16, as Twilio and the gateway count."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _attribute(name: str, value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or re.fullmatch(const.ATTRIBUTE, value, re.ASCII) is None:
        raise ServiceValidationError(const.SAY_BAD_DATA.format(name=name, value=repr(value), expected=f"a name of a {name}"))
    return f' {name}="{value}"'


def _address(platform: str, role: str, text: str) -> str | None:
    """The form that goes to Twilio: a number without separators, anything else as given."""
    value = re.sub(const.SEPARATORS, "", text) if text.startswith("+") else text
    return value if any(re.search(form, value) for form in const.FORMS[platform][role]) else None


def _bad_target(target: str) -> str:
    digits = re.sub(const.SEPARATORS, "", target)
    if re.fullmatch(r"[1-9][0-9]{10,14}", digits):
        return const.SAY_BAD_TARGET_PLUS.format(value=digits)
    return const.SAY_BAD_TARGET.format(value=repr(target))


def _log_untold(delivery: asyncio.Task[list[Result]]) -> None:
    """What nobody is left to be told, without numbers."""
    results = [] if delivery.cancelled() else delivery.result()
    failed = sum(result.error is not None for result in results)
    if failed:
        _LOGGER.error(const.SAY_UNTOLD.format(failed=failed, total=len(results)))


def _told(results: list[Result]) -> str:
    """Every target that failed with its reason, and those that must not be sent to again."""
    failed = {result.target: result for result in results if result.error is not None}
    sent = dict.fromkeys(result.target for result in results if result.error is None)
    each = "; ".join(const.SAY_NOT_SENT.format(target=target, reason=result.error) for target, result in failed.items())
    text = const.SAY_FAILURES.format(failed=len(failed), total=len(failed) + len(sent), each=each)
    if not sent:
        return text
    return text.removesuffix(".") + "." + const.SAY_SENT.format(targets=", ".join(sent))
