"""Twilio's REST dialect, as far as the app speaks it: one request, and what its answer proves."""

import json
import re
import ssl
from html.parser import HTMLParser
from urllib.parse import quote

import requests
import urllib3.exceptions

import twilio_consts as consts

# What requests and urllib3 say of an address or a header that cannot be, before they connect.
UNUSABLE = (
    requests.exceptions.InvalidURL,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidHeader,
    urllib3.exceptions.LocationValueError,
    UnicodeEncodeError,
)


class Failure(Exception):
    """A request that did not give what was asked for. `unsure`: the message may have been sent all the same."""

    def __init__(self, text, unsure):
        super().__init__(text)
        self.text = text
        self.unsure = unsure


class Answer:
    """Status, kind and text of an answer."""

    def __init__(self, response):
        self.status = response.status_code
        self.kind = response.headers.get("Content-Type", "").lower()
        self.from_twilio = "Twilio-Request-Id" in response.headers
        body = b""
        for part in response.iter_content(65536):
            body += part
            if len(body) > consts.ANSWER_BYTES:
                break
        self.text = body[: consts.ANSWER_BYTES].decode("utf-8", "replace")

    @property
    def good(self):
        return 200 <= self.status < 300

    def json(self):
        """The JSON object of the answer, or None."""
        try:
            value = json.loads(self.text)
        except ValueError:
            return None
        return value if isinstance(value, dict) else None

    def refuses(self):
        """Only 4xx with Twilio's own error body proves that nothing was sent."""
        body = self.json()
        if body is None or not 400 <= self.status < 500 or not isinstance(body.get("message"), str):
            return False
        if body.get("status", self.status) != self.status:
            return False
        code = body.get("code")
        return self.from_twilio if code is None else isinstance(code, int) and code >= consts.LEAST_ERROR_CODE

    def complaint(self):
        """What the connector says of an answer that is not what was asked for; the order is the connector's."""
        if "json" in self.kind:
            try:
                json.loads(self.text)
            except ValueError as error:
                return consts.BAD_JSON.format(details=error)
            return consts.ERROR_FROM_SERVER.format(status=self.status, body=self.text)
        if "html" in self.kind:
            return consts.HTML.format(status=self.status, body=_readable(self.text))
        if self.text == "":
            return consts.EMPTY
        return consts.OTHER_ANSWER.format(status=self.status, body=self.text)


class TwilioRest:
    """One account at one address. `base_url` may end in `/` or in the version of the API."""

    def __init__(self, base_url, account_sid, auth_token):
        root = re.sub(r"/+(2010-04-01/*)?$", "", base_url)
        self._account = "{0}/2010-04-01/Accounts/{1}".format(root, quote(account_sid, safe=""))
        self._auth = (account_sid.encode("utf-8"), auth_token.encode("utf-8"))
        self._secret = auth_token

    def account(self):
        """The account itself: proves address, SID and token, and sends nothing."""
        answer = self._ask("GET", ".json")
        if not answer.good or answer.json() is None:
            raise self._failure(answer.complaint(), False)
        return answer.json()

    def create(self, to, sender, body):
        """The message as Twilio took it. A failure says whether it may have been sent."""
        answer = self._ask("POST", "/Messages.json", {"Body": body, "To": to, "From": sender})
        message = answer.json()
        if not answer.good:
            raise self._failure(answer.complaint(), not answer.refuses())
        if message is None:
            raise self._failure(answer.complaint(), True)
        if not _has(message, "sid"):
            raise self._failure(consts.NO_SID, True)
        return message

    def message(self, sid):
        """The message as Twilio has it now."""
        answer = self._ask("GET", "/Messages/{0}.json".format(quote(sid, safe="")))
        message = answer.json()
        if not answer.good or message is None:
            raise self._failure(answer.complaint(), False)
        for name, complaint in (("sid", consts.NO_SID), ("status", consts.NO_STATUS)):
            if not _has(message, name):
                raise self._failure(complaint, False)
        return message

    def _ask(self, method, suffix, form=None):
        # Redirects are not followed: a POST would be repeated or turned into a GET. Proxies are those of the environment.
        try:
            with requests.request(
                method,
                self._account + suffix,
                data=form,
                auth=self._auth,
                headers={"Accept": "application/json"},
                timeout=consts.TIMEOUT_SECONDS,
                allow_redirects=False,
                stream=True,
            ) as response:
                return Answer(response)
        except (requests.exceptions.RequestException, ValueError) as error:
            raise self._failure(consts.NOT_CONNECTED.format(details=error), not _never_left(error)) from None

    def _failure(self, text, unsure):
        # What an exception says may quote the address, and that a password.
        return Failure(re.sub(r"//[^@/\s]*@", "//", text.replace(self._secret, "********")), unsure)


def _has(message, name):
    return isinstance(message.get(name), str) and message[name] != ""


def _never_left(error):
    """True where it is certain that no byte of the request went out; what is not certain may have gone."""
    if isinstance(error, UNUSABLE):
        return True
    for cause in _causes(error):
        if isinstance(cause, (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)):
            return True
        if isinstance(cause, ssl.SSLCertVerificationError):
            return True
        if isinstance(cause, OSError) and str(cause).startswith("Tunnel connection failed"):
            return True
    return False


def _causes(error):
    """The exceptions inside an exception of requests and urllib3, which keep them in three different places."""
    seen = []
    while error is not None and error not in seen:
        seen.append(error)
        inner = [getattr(error, "reason", None), getattr(error, "original_error", None)] + list(error.args)
        error = next((cause for cause in inner if isinstance(cause, BaseException)), None)
    return seen


class _Text(HTMLParser):
    """The text of a page without what nobody reads."""

    HIDDEN = ("script", "style", "footer", "nav")

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.parts = []
        self._hidden = 0

    def handle_starttag(self, tag, attrs):
        self._hidden += tag in self.HIDDEN

    def handle_endtag(self, tag):
        if tag in self.HIDDEN and self._hidden > 0:
            self._hidden -= 1

    def handle_data(self, data):
        if self._hidden == 0:
            self.parts.append(data)


def _readable(page):
    parser = _Text()
    parser.feed(page)
    parser.close()
    lines = (line.strip() for line in "".join(parser.parts).split("\n"))
    return "\n".join(line for line in lines if line)
