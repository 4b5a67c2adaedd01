"""Set-up of the webhook: one entry without fields, which shows its URL and where it belongs."""

from __future__ import annotations

from typing import Any

from homeassistant.components import webhook
from homeassistant.config_entries import ConfigFlow, ConfigFlowResult
from homeassistant.const import CONF_WEBHOOK_ID
from homeassistant.data_entry_flow import AbortFlow
from homeassistant.helpers.network import NoURLAvailableError, get_url

from . import const

# Read by Home Assistant's own helper, which takes the cloud hook back.
CLOUDHOOK = "cloudhook"


class TwilioConfigFlow(ConfigFlow, domain=const.DOMAIN):
    """The data are those of Home Assistant's own component, so an entry of it goes on with its URL."""

    VERSION = 1

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        if self._async_current_entries():
            return self.async_abort(reason="single_instance_allowed")
        if user_input is None:
            return self.async_show_form(step_id="user")
        webhook_id = webhook.async_generate_id()
        url, cloudhook = await self._url_of(webhook_id)
        return self.async_create_entry(
            title=const.ENTRY_TITLE,
            data={CONF_WEBHOOK_ID: webhook_id, CLOUDHOOK: cloudhook},
            description_placeholders=_placeholders(url),
        )

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Nothing to change: it shows the URL again."""
        entry = self.hass.config_entries.async_get_entry(self.context["entry_id"])
        if user_input is not None or entry is None:
            return self.async_abort(reason="reconfigure_successful")
        url, cloudhook = await self._url_of(entry.data[CONF_WEBHOOK_ID])
        if cloudhook:
            # So that it is taken back with the entry, which may be older than the subscription.
            self.hass.config_entries.async_update_entry(entry, data={**entry.data, CLOUDHOOK: True})
        return self.async_show_form(step_id="reconfigure", description_placeholders=_placeholders(url))

    async def _url_of(self, webhook_id: str) -> tuple[str, bool]:
        """The URL to give to Twilio, and whether it is a cloud hook. Throws `AbortFlow` where Twilio could reach none."""
        if "cloud" in self.hass.config.components:
            from homeassistant.components import cloud

            if cloud.async_active_subscription(self.hass):
                if not cloud.async_is_connected(self.hass):
                    raise AbortFlow("cloud_not_connected")
                return await cloud.async_get_or_create_cloudhook(self.hass, webhook_id), True
        try:
            return f"{get_url(self.hass, allow_internal=False)}/api/webhook/{webhook_id}", False
        except NoURLAvailableError:
            raise AbortFlow("webhook_not_internet_accessible") from None


def _placeholders(url: str) -> dict[str, str]:
    return {"webhook_url": url, "docs_url": const.DOCS_URL, "console_url": const.CONSOLE_URL}
