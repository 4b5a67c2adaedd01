"""The webhook: what Twilio sends becomes an event, once, and only if Twilio sent it."""

from __future__ import annotations

import logging
from typing import Any

from aiohttp import web
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.network import NoURLAvailableError, get_url
from homeassistant.helpers.storage import Store

from . import const
from .signature import Fields, claim_keys, is_genuine

_LOGGER = logging.getLogger(__name__)

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_SAVE_DELAY_SECONDS = 1


class Replays:
    """The webhooks that were genuine, by what was signed of them: the last ones, also over a restart."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._store: Store[list[str]] = Store(hass, 1, f"{const.DOMAIN}.replays", private=True)
        self._seen: dict[str, None] = {}

    async def load(self) -> None:
        self._seen = dict.fromkeys(await self._store.async_load() or [])

    @callback
    def claim(self, keys: list[str]) -> bool:
        """True the first time. Nothing can come between the look and the mark."""
        known = any(key in self._seen for key in keys)
        self._seen.update(dict.fromkeys(keys))
        while len(self._seen) > const.REPLAYS:
            del self._seen[next(iter(self._seen))]
        self._store.async_delay_save(lambda: list(self._seen), _SAVE_DELAY_SECONDS)
        return not known


class Receiver:
    """Answers a webhook of Home Assistant's. `auth_token` None: nothing can be verified."""

    def __init__(self, replays: Replays, auth_token: str | None) -> None:
        self._replays = replays
        self._auth_token = auth_token

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
                _LOGGER.warning(const.SAY_FORGED.format(url=_external_url(hass) or "none"))
                return None
            urls = genuine
        if self._replays.claim(claim_keys(next(iter(urls), ""), fields, raw_body)):
            data: dict[str, str] = {}
            for name, value in fields:
                data.setdefault(name, value)
            hass.bus.async_fire(const.EVENT, data | {"webhook_id": webhook_id})
        return web.Response(text="")


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
    body = (await request.text()).encode("utf-8")
    return [], body or None
