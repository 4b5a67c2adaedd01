"""The webhook: what Twilio sends becomes an event, once, and only if Twilio sent it."""

from __future__ import annotations

import json
import logging
from typing import Any

from aiohttp import web
from homeassistant.core import CoreState, HomeAssistant, callback
from homeassistant.helpers.network import NoURLAvailableError, get_url
from homeassistant.helpers.start import async_at_started
from homeassistant.helpers.storage import Store

from . import const
from .signature import Fields, claim_keys, is_genuine

_LOGGER = logging.getLogger(__name__)

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_SAVE_DELAY_SECONDS = 1

# Automations attach their triggers in tasks of their own once Home Assistant has started.
_ATTACH_SECONDS = 1

# Refusals are worth a warning, for a wrong URL or token looks like this; a flood of forgeries is worth one a minute.
_WARN_SECONDS = 60


class Replays:
    """The webhooks that were genuine, by what was signed of them: the last ones, also over a restart."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._store: Store[list[str]] = Store(hass, 1, f"{const.DOMAIN}.replays", private=True)
        self._seen: dict[str, None] = {}
        self._loaded = False
        self._saving = False

    async def load(self) -> None:
        """Once: what came since is newer than the file, also where the entry is reloaded."""
        if not self._loaded:
            self._seen = dict.fromkeys(await self._store.async_load() or [])
            self._loaded = True

    async def forget(self) -> None:
        """With the file."""
        self._seen.clear()
        self._saving = False
        await self._store.async_remove()

    @callback
    def claim(self, keys: list[str]) -> bool:
        """True the first time. Nothing can come between the look and the mark."""
        known = any(key in self._seen for key in keys)
        self._seen.update(dict.fromkeys(keys))
        while len(self._seen) > const.REPLAYS:
            del self._seen[next(iter(self._seen))]
        # Asked again meanwhile, the store would wait again, and never save in a stream of webhooks.
        if not self._saving:
            self._saving = True
            self._store.async_delay_save(self._saved, _SAVE_DELAY_SECONDS)
        return not known

    @callback
    def _saved(self) -> list[str]:
        self._saving = False
        return list(self._seen)


class Outlet:
    """Fires the events in their order; those that come before automations can hear them wait until they can."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._held: list[dict[str, str]] | None = None
        if hass.state is not CoreState.running:
            self._held = []
            async_at_started(hass, self._started)

    @callback
    def fire(self, data: dict[str, str]) -> None:
        if self._held is None:
            self._hass.bus.async_fire(const.EVENT, data)
        else:
            self._held.append(data)

    @callback
    def _started(self, hass: HomeAssistant) -> None:
        hass.loop.call_later(_ATTACH_SECONDS, self._release)

    @callback
    def _release(self) -> None:
        held, self._held = self._held or [], None
        for data in held:
            self.fire(data)


class Inbound:
    """What outlives the entry of the webhook, which may be reloaded at any time."""

    def __init__(self, hass: HomeAssistant) -> None:
        self.replays = Replays(hass)
        self.outlet = Outlet(hass)


class Receiver:
    """Answers a webhook of Home Assistant's. `auth_token` None: nothing can be verified."""

    def __init__(self, inbound: Inbound, auth_token: str | None) -> None:
        self._inbound = inbound
        self._auth_token = auth_token
        self._warned_at: float | None = None

    async def handle(self, hass: HomeAssistant, webhook_id: str, request: web.Request) -> web.Response | None:
        """None makes Home Assistant answer as for an id that nobody has."""
        try:
            fields, raw_body = await _body(request)
        except (LookupError, ValueError, web.HTTPException):
            # No form that could be read, or one of more than Home Assistant takes.
            return None
        urls = public_urls(hass, webhook_id, request)
        if self._auth_token is not None:
            signature = request.headers.get("X-Twilio-Signature")
            genuine = [url for url in urls if is_genuine(url, signature, self._auth_token, fields, raw_body)]
            if not genuine:
                self._warn(hass)
                return None
            urls = genuine
        if self._inbound.replays.claim(claim_keys(next(iter(urls), ""), fields, raw_body)):
            self._inbound.outlet.fire(_data(fields, raw_body) | {"webhook_id": webhook_id})
        return web.Response(text="")

    def _warn(self, hass: HomeAssistant) -> None:
        now = hass.loop.time()
        if self._warned_at is None or now - self._warned_at >= _WARN_SECONDS:
            self._warned_at = now
            _LOGGER.warning(const.SAY_FORGED.format(url=_external_url(hass) or "none"))


def public_urls(hass: HomeAssistant, webhook_id: str, request: web.Request) -> list[str]:
    """
    What Twilio may have been told, with the query as it came: the external URL, and that of a cloud hook. Never what the
    request itself says of its host, which is what a proxy or a forger made of it.
    """
    query = request.path_qs.partition("?")[2] if hasattr(request, "path_qs") else request.query_string
    external = _external_url(hass)
    urls = [] if external is None else [f"{external}/api/webhook/{webhook_id}"]
    cloud = hass.data.get("cloud")
    hooks = getattr(getattr(cloud, "client", None), "cloudhooks", None) or {}
    if webhook_id in hooks:
        urls.append(hooks[webhook_id]["cloudhook_url"])
    return [f"{url}?{query}" if query else url for url in urls]


def _external_url(hass: HomeAssistant) -> str | None:
    try:
        return get_url(hass, allow_internal=False)
    except NoURLAvailableError:
        return None


async def _body(request: web.Request) -> tuple[Fields, bytes | None]:
    """The fields of a form, or the bytes of anything else."""
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind in _FORMS:
        form: Any = await request.post()
        return [(name, value) for name, value in form.items() if isinstance(value, str)], None
    # What a cloud hook hands over has only the stream.
    body = await (request if hasattr(request, "read") else request.content).read()
    return [], body or None


def _data(fields: Fields, raw_body: bytes | None) -> dict[str, str]:
    """
    Every field by Twilio's name, the first of repeated ones. A JSON object likewise by its members, those that are no
    text as JSON; any other body whole, as `body`.
    """
    data: dict[str, str] = {}
    for name, value in fields if raw_body is None else _members(raw_body.decode("utf-8", "replace")):
        data.setdefault(name, value)
    return data


def _members(text: str) -> Fields:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        return [("body", text)]
    return [(name, value if isinstance(value, str) else _compact(value)) for name, value in body.items()]


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
