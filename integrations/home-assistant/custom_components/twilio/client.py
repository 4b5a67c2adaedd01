"""Twilio's REST dialect as far as notifications speak it: one create, and what its answer proves."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp

from . import const

# Twilio's own codes have five digits or more; smaller ones are somebody else's.
_FIRST_TWILIO_CODE = 10000

# What happens before anything of a request has left.
_BEFORE_SEND = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)


class Failure(Exception):
    """A create that gave no message or call. `unsure`: it may have been sent all the same."""

    def __init__(self, reason: str, *, unsure: bool, twilio_code: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.unsure = unsure
        self.twilio_code = twilio_code


class TwilioClient:
    """One account at one address, Twilio's or a gateway's."""

    def __init__(self, session: aiohttp.ClientSession, account_sid: str, auth_token: str, url: str) -> None:
        self._session = session
        self._url = url
        self._account = f"{url}/2010-04-01/Accounts/{quote(account_sid, safe='')}"
        self._auth = aiohttp.BasicAuth(account_sid, auth_token, encoding="utf-8")
        self.auth_token = auth_token

    async def create(self, resource: str, form: list[tuple[str, str]]) -> dict[str, Any]:
        """`resource` is Messages or Calls; the record as Twilio took it. Throws `Failure`, nothing else."""
        try:
            status, answer, from_twilio = await self._post(f"{self._account}/{resource}.json", form)
        except _BEFORE_SEND as error:
            raise Failure(self._say(const.SAY_NOT_CONNECTED, reason=type(error).__name__), unsure=False) from None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise Failure(self._say(const.SAY_ANSWER_LOST, reason=type(error).__name__), unsure=True) from None
        if 200 <= status < 300 and isinstance(answer.get("sid"), str) and answer["sid"] != "":
            return answer
        if _refuses(status, answer, from_twilio):
            raise _refusal(status, answer)
        raise Failure(self._say(const.SAY_ANSWER_UNCLEAR, status=status), unsure=True)

    async def _post(self, url: str, form: list[tuple[str, str]]) -> tuple[int, dict[str, Any], bool]:
        # Redirects are not followed: a POST would be repeated or turned into a GET. Each request has a connection of its
        # own: on one kept from before, a lost answer could not be told from a connection that was already gone.
        async with self._session.post(
            url,
            data=urlencode(form, errors="replace").encode("ascii"),
            headers={
                "Accept": "application/json",
                "Connection": "close",
                "Content-Type": "application/x-www-form-urlencoded",
            },
            auth=self._auth,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=const.TIMEOUT_SECONDS, sock_connect=const.CONNECT_SECONDS),
        ) as response:
            body = b""
            while len(body) <= const.ANSWER_BYTES and (part := await response.content.read(65536)):
                body += part
            return response.status, _object(body), "Twilio-Request-Id" in response.headers

    def _say(self, text: str, **values: Any) -> str:
        return text.format(url=self._url, **values)


def parse_url(text: str) -> str | None:
    """The address in its one form: no `/` and no version of the API at its end. None where it is none."""
    if re.fullmatch(r"https?://[^/?#@\s]+(/[^?#\s]*)?", text, re.IGNORECASE) is None:
        return None
    return re.sub(r"/+$", "", re.sub(r"/+(2010-04-01/*)?$", "", text))


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body[: const.ANSWER_BYTES])
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _refuses(status: int, answer: dict[str, Any], from_twilio: bool) -> bool:
    """Only 4xx with Twilio's own error body proves that nothing was sent."""
    if not 400 <= status < 500 or not isinstance(answer.get("message"), str):
        return False
    if answer.get("status", status) != status:
        return False
    code = answer.get("code")
    return from_twilio if code is None else isinstance(code, int) and code >= _FIRST_TWILIO_CODE


def _refusal(status: int, answer: dict[str, Any]) -> Failure:
    reason = const.SAY_REFUSED.format(status=status, message=answer["message"])
    code = answer.get("code")
    if isinstance(code, int):
        reason += const.SAY_TWILIO_CODE.format(code=code)
    return Failure(reason, unsure=False, twilio_code=code if isinstance(code, int) else None)
