"""
Runs notifications through the components' own service class and Home Assistant's own schemas, one for each JSON line of
standard input ({twilio: {account_sid, auth_token, url}, notify, data}): {results, raises} as a JSON line of output.
Argument: the folder that has custom_components.
"""

import asyncio
import dataclasses
import json
import sys
from types import SimpleNamespace

sys.path.insert(0, sys.argv[1])

import aiohttp  # noqa: E402
from homeassistant.components.notify.const import NOTIFY_SERVICE_SCHEMA  # noqa: E402
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError  # noqa: E402
from homeassistant.helpers.template import Template  # noqa: E402

from custom_components.twilio import CONFIG_SCHEMA  # noqa: E402
from custom_components.twilio.client import TwilioClient  # noqa: E402
from custom_components.twilio.notifier import TwilioNotificationService  # noqa: E402
from custom_components.twilio_call.notify import PLATFORM_SCHEMA as CALL  # noqa: E402
from custom_components.twilio_sms.notify import PLATFORM_SCHEMA as SMS  # noqa: E402


def plain(value):
    return value.template if isinstance(value, Template) else value


async def run(session, case):
    block = CONFIG_SCHEMA({"twilio": case["twilio"]})["twilio"]
    notify = {"twilio_sms": SMS, "twilio_call": CALL}[case["notify"]["platform"]](case["notify"])
    client = TwilioClient(session, block["account_sid"], block["auth_token"], block["url"])
    service = TwilioNotificationService(client, notify["platform"], notify["from_number"])
    bus = SimpleNamespace(async_listen=lambda *_: lambda: None)
    service.hass = SimpleNamespace(async_create_task=asyncio.create_task, bus=bus)
    results = []
    deliver = service.deliver

    async def watched(*arguments):
        results.extend(await deliver(*arguments))
        return results

    service.deliver = watched
    data = NOTIFY_SERVICE_SCHEMA(case["data"])
    given = {name: plain(value) for name, value in data.items()}
    try:
        await service.async_send_message(**given)
        raises = None
    except HomeAssistantError as error:
        raises = {"text": str(error), "before": isinstance(error, ServiceValidationError)}
    return {"results": [dataclasses.asdict(result) for result in results], "raises": raises}


async def main():
    async with aiohttp.ClientSession() as session:
        for line in sys.stdin:
            print(json.dumps(await run(session, json.loads(line))), flush=True)


asyncio.run(main())
