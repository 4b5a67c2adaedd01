"""
`phantom.*` without any SDK: the documented interface of BaseConnector and ActionResult, as far as apps of this kind use
it. Unlike the SDK's classes these format messages, as some versions of the platform do, and refuse anything else.
"""

import json

APP_SUCCESS, APP_ERROR = True, False


class ActionResult:
    def __init__(self, param=None):
        self._param = param or {}
        self._status, self._message = APP_ERROR, ""
        self._data, self._extra_data, self._summary = [], [], {}

    def set_status(self, status_code, status_message="", exception=None):
        self._status, self._message = status_code, status_message.format()
        return status_code

    def get_status(self):
        return self._status

    def get_message(self):
        return self._message

    def get_param(self):
        return self._param

    def add_data(self, data):
        self._data.append(data)

    def get_data(self):
        return self._data

    def add_extra_data(self, data):
        self._extra_data.append(data)

    def get_extra_data(self):
        return self._extra_data

    def set_summary(self, summary):
        self._summary = summary

    def get_summary(self):
        return self._summary


class BaseConnector:
    def __init__(self):
        self._config, self._identifier, self._results = {}, "", []
        self._status, self._message = None, ""

    def _handle_action(self, in_json, handle):
        action = json.loads(in_json)
        self._config, self._identifier = action["config"], action["identifier"]
        if self.initialize() == APP_SUCCESS:
            for param in action["parameters"]:
                self.handle_action(param)
        self.finalize()
        return in_json

    def finalize(self):
        return APP_SUCCESS

    def get_config(self):
        return self._config

    def get_action_identifier(self):
        return self._identifier

    def add_action_result(self, action_result):
        self._results.append(action_result)
        return action_result

    def get_action_results(self):
        return self._results

    def set_status(self, status_code, status_message="", exception=None):
        self._status, self._message = status_code, status_message.format()
        return status_code

    def get_status(self):
        return self._status

    def get_status_message(self):
        return self._message

    def save_progress(self, progress_str_const, *args, **kwargs):
        print(progress_str_const.format(*args, **kwargs))

    def send_progress(self, progress_str_const, *args, **kwargs):
        print(progress_str_const.format(*args, **kwargs))

    def debug_print(self, tag, dump_object=""):
        print(tag, dump_object)
