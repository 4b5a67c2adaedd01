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
from homeassistant.helpers import config_entry_flow
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.typing import ConfigType

from . import const
from .client import TwilioClient, parse_url
from .receiver import Receiver, Replays

_LOGGER = logging.getLogger(__name__)

TWILIO_URL = "https://api.twilio.com"


def _url(value: Any) -> str:
    url = parse_url(value.strip()) if isinstance(value, str) else None
    if url is None:
        # The value may hold a password.
        raise vol.Invalid(const.SAY_BAD_URL.format(value="no address"))
    return url


CONFIG_SCHEMA = vol.Schema(
    {
        vol.Optional(const.DOMAIN): vol.Schema(
            {
                vol.Required("account_sid"): vol.All(cv.string, vol.Length(min=1)),
                vol.Required("auth_token"): vol.All(cv.string, vol.Length(min=1)),
                vol.Optional(CONF_URL, default=TWILIO_URL): _url,
            }
        )
    },
    extra=vol.ALLOW_EXTRA,
)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """The account; without the block there are events only."""
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
    replays = Replays(hass)
    await replays.load()
    receiver = Receiver(replays, None if client is None else client.auth_token)
    webhook.async_register(hass, const.DOMAIN, entry.title, entry.data[CONF_WEBHOOK_ID], receiver.handle)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    webhook.async_unregister(hass, entry.data[CONF_WEBHOOK_ID])
    return True


# Takes the cloud hook back, where there is one.
async_remove_entry = config_entry_flow.webhook_async_remove_entry
