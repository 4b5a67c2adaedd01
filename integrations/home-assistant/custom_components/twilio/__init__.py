"""Twilio for Home Assistant: the account for both notifiers, and the webhook for events."""

from __future__ import annotations

import logging
from typing import Any

import homeassistant.helpers.config_validation as cv
import voluptuous as vol
from homeassistant.components import webhook
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_URL, CONF_WEBHOOK_ID
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_entry_flow, issue_registry
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.typing import ConfigType

from . import const
from .client import TwilioClient, parse_url
from .receiver import Inbound, Receiver

_LOGGER = logging.getLogger(__name__)

TWILIO_URL = "https://api.twilio.com"
INBOUND = f"{const.DOMAIN}.inbound"
UNVERIFIED = "unverified"


def _invalid(reason: str) -> vol.Invalid:
    """Home Assistant logs what stands at the path of an error, which may hold a secret; at this path is nothing."""
    return vol.Invalid(reason, path=[const.NOT_SHOWN])


def _block(value: Any) -> dict[Any, Any]:
    if not isinstance(value, dict):
        raise _invalid(const.SAY_BAD_BLOCK)
    return value


def _account_sid(value: Any) -> str:
    sid = cv.string(value).strip()
    # Basic authorization ends the user name at the first one.
    if sid == "" or ":" in sid:
        raise vol.Invalid(const.SAY_BAD_SID)
    return sid


def _auth_token(value: Any) -> str:
    token = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if token == "":
        raise _invalid(const.SAY_BAD_TOKEN)
    return token


def _url(value: Any) -> str:
    url = parse_url(value.strip()) if isinstance(value, str) else None
    if url is None:
        raise _invalid(const.SAY_BAD_URL)
    return url


CONFIG_SCHEMA = vol.Schema(
    {
        vol.Optional(const.DOMAIN): vol.All(
            _block,
            # A schema of its own: a bare mapping would take unknown keys, as the whole configuration does.
            vol.Schema(
                {
                    vol.Required("account_sid"): _account_sid,
                    vol.Required("auth_token"): _auth_token,
                    vol.Optional(CONF_URL, default=TWILIO_URL): _url,
                }
            ),
        )
    },
    extra=vol.ALLOW_EXTRA,
)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """The account; without the block there are events only."""
    hass.data[INBOUND] = Inbound(hass)
    block = config.get(const.DOMAIN)
    if block is not None:
        session = async_get_clientsession(hass)
        hass.data[const.DOMAIN] = TwilioClient(session, block["account_sid"], block["auth_token"], block[CONF_URL])
    return True


async def async_setup_entry(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """The webhook."""
    client: TwilioClient | None = hass.data.get(const.DOMAIN)
    if client is None:
        _LOGGER.warning(const.SAY_UNVERIFIED)
        issue_registry.async_create_issue(
            hass,
            const.DOMAIN,
            UNVERIFIED,
            is_fixable=False,
            severity=issue_registry.IssueSeverity.WARNING,
            translation_key=UNVERIFIED,
        )
    inbound: Inbound = hass.data[INBOUND]
    await inbound.replays.load()
    receiver = Receiver(inbound, None if client is None else client.auth_token)
    webhook.async_register(hass, const.DOMAIN, entry.title, entry.data[CONF_WEBHOOK_ID], receiver.handle)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    issue_registry.async_delete_issue(hass, const.DOMAIN, UNVERIFIED)
    webhook.async_unregister(hass, entry.data[CONF_WEBHOOK_ID])
    return True


async def async_remove_entry(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Takes the cloud hook back, where there is one, and leaves no file behind."""
    await (hass.data.get(INBOUND) or Inbound(hass)).replays.forget()
    await config_entry_flow.webhook_async_remove_entry(hass, entry)
