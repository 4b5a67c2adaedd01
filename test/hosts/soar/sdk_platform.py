"""
`phantom.*` as the SOAR SDK (splunk-soar-sdk) brings it for runs without a platform, and what its classes lack of the
documented interface: the steps around an action, the connector's own status, `add_extra_data`.
"""

import json

from soar_sdk.shims.phantom import action_result, app, base_connector


class BaseConnector(base_connector.BaseConnector):
    def __init__(self):
        super().__init__()
        self._status, self._message = None, ""

    def set_status(self, status_code, status_message="", exception=None):
        self._status, self._message = status_code, status_message
        return status_code

    def get_status(self):
        return self._status

    def get_status_message(self):
        return self._message

    def handle_action(self, param):
        raise NotImplementedError

    def _handle_action(self, in_json, handle):
        # The SDK's class neither initializes nor has parameters end early.
        self.config = json.loads(in_json)["config"]
        if not self.initialize():
            return in_json
        return super()._handle_action(in_json, handle)


class ActionResult(action_result.ActionResult):
    def add_extra_data(self, data):
        self.get_extra_data().append(data)

    def get_extra_data(self):
        if not hasattr(self, "_extra_data"):
            self._extra_data = []
        return self._extra_data


APP_SUCCESS, APP_ERROR = app.APP_SUCCESS, app.APP_ERROR
