"""Set-up of the webhook: one entry without fields, which shows its URL and where it belongs."""

from __future__ import annotations

from typing import Any

from homeassistant.components import webhook
from homeassistant.config_entries import ConfigFlow, ConfigFlowResult
from homeassistant.const import CONF_WEBHOOK_ID
from homeassistant.helpers.network import NoURLAvailableError, get_url

from . import const


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
        if url is None:
            return self.async_abort(reason="webhook_not_internet_accessible")
        return self.async_create_entry(
            title=const.ENTRY_TITLE,
            data={CONF_WEBHOOK_ID: webhook_id, "cloudhook": cloudhook},
            description_placeholders=_placeholders(url),
        )

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Nothing to change: it shows the URL again."""
        entry = self.hass.config_entries.async_get_entry(self.context["entry_id"])
        if user_input is not None or entry is None:
            return self.async_abort(reason="reconfigure_successful")
        url, _ = await self._url_of(entry.data[CONF_WEBHOOK_ID])
        if url is None:
            return self.async_abort(reason="webhook_not_internet_accessible")
        return self.async_show_form(step_id="reconfigure", description_placeholders=_placeholders(url))

    async def _url_of(self, webhook_id: str) -> tuple[str | None, bool]:
        """The URL to give to Twilio and whether it is a cloud hook; None where Twilio could not reach it."""
        if "cloud" in self.hass.config.components:
            from homeassistant.components import cloud

            if cloud.async_active_subscription(self.hass) and cloud.async_is_connected(self.hass):
                return await cloud.async_get_or_create_cloudhook(self.hass, webhook_id), True
        try:
            return f"{get_url(self.hass, allow_internal=False)}/api/webhook/{webhook_id}", False
        except NoURLAvailableError:
            return None, False


def _placeholders(url: str) -> dict[str, str]:
    return {"webhook_url": url, "docs_url": const.DOCS_URL, "console_url": const.CONSOLE_URL}
