"""Splunk SOAR app for Twilio: sends a text and follows it to its end."""

import re
import time
from datetime import datetime, timezone

import phantom.app as phantom
from phantom.action_result import ActionResult
from phantom.base_connector import BaseConnector

import twilio_consts as consts
from twilio_rest import Failure, TwilioRest


class TwilioConnector(BaseConnector):
    """What SOAR calls: `initialize` once, then `handle_action` for each parameter set."""

    def __init__(self):
        super().__init__()
        self._twilio = None
        self._from_phone = ""
        self._to_phone = ""

    def initialize(self):
        config = self.get_config()
        base_url, account_sid, auth_token, self._from_phone, self._to_phone = (
            _text(config.get(name)) for name in ("base_url", "account_sid", "auth_token", "from_phone", "to_phone")
        )
        fault = _config_fault(base_url, account_sid, auth_token, self._from_phone)
        if fault is not None:
            return _told(self, phantom.APP_ERROR, fault)
        self._twilio = TwilioRest(base_url, account_sid, auth_token)
        return phantom.APP_SUCCESS

    def handle_action(self, param):
        action = self.get_action_identifier()
        handlers = {"test_connectivity": self._test_connectivity, "send_text": self._send_text}
        if action not in handlers:
            known = ", ".join(handlers)
            return _told(self, phantom.APP_ERROR, consts.UNKNOWN_ACTION.format(action=action, actions=known))
        return handlers[action](self.add_action_result(ActionResult(dict(param))), param)

    def _test_connectivity(self, result, _param):
        """Sends a text only to the `to_phone` of the asset, which is there for nothing else; else it only asks."""
        try:
            self.save_progress(consts.CONNECTING)
            if self._to_phone == "":
                self._twilio.account()
            else:
                self.save_progress(consts.SENDING_TEST)
                message = self._deliver(self._to_phone, consts.TEST_MESSAGE)
                if message["status"] in consts.BAD_STATUSES:
                    raise Failure(_failed_delivery(message), False)
        except Failure as failure:
            self.save_progress(_escaped(failure.text))
            self.save_progress(consts.TEST_FAILED)
            return _told(result, phantom.APP_ERROR, failure.text)
        self.save_progress(consts.TEST_PASSED)
        return _told(result, phantom.APP_SUCCESS, consts.TEST_PASSED)

    def _send_text(self, result, param):
        self.save_progress(consts.IN_HANDLER.format(action=self.get_action_identifier()))
        to, body = _text(param.get("to_phone")), param.get("message")
        body = body if isinstance(body, str) else _text(body)
        for name, value in (("to_phone", to), ("message", body)):
            if value == "":
                return _told(result, phantom.APP_ERROR, consts.MISSING.format(name=name, where="the action"))
        try:
            message = self._deliver(to, body, result)
        except Failure as failure:
            return _told(result, phantom.APP_ERROR, failure.text)
        # Twilio has the message: whatever became of it, its SID and status are kept.
        result.add_data(message)
        result.set_summary({"message_delivery_status": message["status"]})
        if message["status"] in consts.BAD_STATUSES:
            return _told(result, phantom.APP_ERROR, _failed_delivery(message))
        return _told(result, phantom.APP_SUCCESS, consts.DELIVERY_STATUS.format(status=message["status"]))

    def _deliver(self, to_phone, body, result=None):
        """Sends once, then follows; the message as Twilio last told it, `status` always in it."""
        to, as_given = _recipient(to_phone)
        if as_given:
            warning = consts.NO_COUNTRY_CODE.format(to=to)
            self.save_progress(_escaped(warning))
            if result is not None:
                result.add_extra_data({"warning": warning})
        at = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        try:
            message = self._twilio.create(to, self._from_phone, body)
        except Failure as failure:
            if not failure.unsure:
                raise
            advice = consts.MAYBE_SENT.format(to=to, at=at)
            raise Failure("{0} {1}".format(failure.text, advice), True) from None
        if not isinstance(message.get("status"), str) or message["status"] == "":
            message["status"] = "unknown"
        return self._follow(message, to)

    def _follow(self, message, to):
        """Until the status is final, for about a minute. A look that fails costs one attempt, never the message."""
        sid = message["sid"]
        end = time.monotonic() + consts.POLL_SECONDS * consts.POLL_ATTEMPTS
        for attempt in range(1, consts.POLL_ATTEMPTS + 1):
            self.send_progress(consts.POLLING.format(attempt=attempt, attempts=consts.POLL_ATTEMPTS))
            try:
                message = self._twilio.message(sid)
            except Failure as failure:
                self.save_progress(_escaped(consts.POLL_FAILED.format(attempt=attempt, reason=failure.text)))
            over = attempt == consts.POLL_ATTEMPTS or time.monotonic() >= end
            if over or message["status"] in consts.FINAL_STATUSES:
                break
            time.sleep(consts.POLL_SECONDS)
        # An error of what is still under way is a gateway's: it does not know whether Twilio has the message.
        if message["status"] not in consts.FINAL_STATUSES and message.get("error_message"):
            advice = consts.MAYBE_SENT_AS.format(id=sid, to=to)
            raise Failure("{0} {1}".format(message["error_message"], advice), True)
        return message


def _told(subject, status, text):
    """
    Sets status and message of a result or of the connector. Some versions of the platform format messages, so braces
    are doubled; where the message shows them doubled, the platform does not.
    """
    subject.set_status(status, _escaped(text))
    shown = getattr(subject, "get_message", None) or getattr(subject, "get_status_message", str)
    if shown() == _escaped(text):
        subject.set_status(status, text)
    return status


def _escaped(text):
    return text.replace("{", "{{").replace("}", "}}")


def _text(value):
    return str(value).strip() if isinstance(value, (str, int)) and not isinstance(value, bool) else ""


def _config_fault(base_url, account_sid, auth_token, from_phone):
    for name, value in (("base_url", base_url), ("account_sid", account_sid), ("auth_token", auth_token)):
        if value == "":
            return consts.MISSING.format(name=name, where="the asset's configuration")
    if re.match(r"https?://[^/]", base_url) is None:
        return consts.BASE_URL.format(example=consts.BASE_URL_EXAMPLE)
    return None if from_phone.startswith("+") else consts.FROM_PHONE


def _recipient(given):
    """The number to send to, and whether it goes out as given although it has no country code."""
    if given.startswith("+") or re.match(consts.RECIPIENT_CHANNEL, given):
        return given, False
    digits = re.sub(consts.RECIPIENT_SEPARATORS, "", given)
    if re.match(consts.RECIPIENT_TEN_DIGITS, digits):
        return "+1" + digits, False
    if re.match(consts.RECIPIENT_ELEVEN_DIGITS, digits):
        return "+" + digits, False
    return given, True


def _failed_delivery(message):
    text = consts.DELIVERY_FAILED.format(status=message["status"])
    if message.get("error_code") is not None:
        text += consts.DELIVERY_FAILED_CODE.format(code=message["error_code"])
    if message.get("error_message"):
        text += consts.DELIVERY_FAILED_MESSAGE.format(message=message["error_message"])
    return text
