"""Renders templates as Home Assistant does, without a Home Assistant around them: reads and writes JSON.

In: {"now": seconds since the epoch, "zone": name, "variables": {...}, "templates": [...]}.
Out: for each template {"text": ...} or {"error": ...}.
"""

import asyncio
import json
import logging
import sys
import tempfile
from datetime import UTC, datetime
from unittest.mock import patch
from zoneinfo import ZoneInfo

from homeassistant.core import HomeAssistant
from homeassistant.helpers.template import Template
from homeassistant.util import dt as dt_util


async def main():
    asked = json.load(sys.stdin)
    zone = ZoneInfo(asked["zone"])
    dt_util.set_default_time_zone(zone)
    at = datetime.fromtimestamp(asked["now"], UTC)
    with (
        tempfile.TemporaryDirectory() as folder,
        patch.object(dt_util, "utcnow", lambda: at),
        patch.object(dt_util, "now", lambda time_zone=None: at.astimezone(time_zone or zone)),
    ):
        hass = HomeAssistant(folder)
        print(json.dumps([rendered(hass, one, asked["variables"]) for one in asked["templates"]]))


def rendered(hass, template, variables):
    try:
        return {"text": Template(template, hass).async_render(variables, parse_result=False)}
    except Exception as error:  # noqa: BLE001
        return {"error": str(error)}


logging.disable(logging.CRITICAL)
asyncio.run(main())
