"""The `notify:` block of the platform."""

from __future__ import annotations

import voluptuous as vol
from homeassistant.components.notify import PLATFORM_SCHEMA as NOTIFY_PLATFORM_SCHEMA
from homeassistant.core import HomeAssistant
from homeassistant.helpers.typing import ConfigType, DiscoveryInfoType

from custom_components.twilio.notifier import TwilioNotificationService, notification_service, sender_of

PLATFORM = "twilio_call"
CONF_FROM_NUMBER = "from_number"

PLATFORM_SCHEMA = NOTIFY_PLATFORM_SCHEMA.extend({vol.Required(CONF_FROM_NUMBER): sender_of(PLATFORM)})


async def async_get_service(
    hass: HomeAssistant, config: ConfigType, discovery_info: DiscoveryInfoType | None = None
) -> TwilioNotificationService | None:
    return notification_service(hass, PLATFORM, config[CONF_FROM_NUMBER])
