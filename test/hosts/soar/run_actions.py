"""
Runs the app as SOAR does: imports its main module beside a platform and hands it actions.

    run_actions.py FOLDER_OF_THE_APP sdk|stub < actions.jsonl

For each line of stdin (the action's JSON) one line of stdout with the result as SOAR writes it, and everything that was
printed on the way as `progress`. `sleep_url` in an action is a clock that the pauses of the app move on; without one they
take no time, and neither do requests unless `real_time` is true. `constants` are numbers of the app that are different from this action on.
"""

import contextlib
import importlib
import io
import json
import os
import sys
import time
import types
import urllib.request

app_folder, platform_name = sys.argv[1:3]
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
platform = importlib.import_module(platform_name + "_platform")

for name in ("app", "action_result", "base_connector"):
    module = types.ModuleType("phantom." + name)
    for member in ("BaseConnector", "ActionResult", "APP_SUCCESS", "APP_ERROR"):
        setattr(module, member, getattr(platform, member))
    sys.modules["phantom." + name] = module
package = types.ModuleType("phantom")
package.__path__ = []
package.app = sys.modules["phantom.app"]
sys.modules["phantom"] = package

sys.path.insert(0, app_folder)
with open(os.path.join(app_folder, "twilio.json"), encoding="utf-8") as file:
    manifest = json.load(file)
main = importlib.import_module(manifest["main_module"][: -len(".py")])
(connector,) = [
    value
    for value in vars(main).values()
    if isinstance(value, type) and issubclass(value, platform.BaseConnector) and value is not platform.BaseConnector
]


def word(status):
    return "success" if status == platform.APP_SUCCESS else "failed"


def action_result(result):
    param = dict(result.get_param())
    context = param.pop("context", {})
    return {
        "data": result.get_data(),
        "extra_data": result.get_extra_data(),
        "summary": result.get_summary(),
        "status": word(result.get_status()),
        "message": result.get_message(),
        "parameter": param,
        "context": context,
    }


def run(action):
    sleep_url = action.pop("sleep_url", None)
    real_time = action.pop("real_time", False)
    for name, value in action.pop("constants", {}).items():
        setattr(sys.modules["twilio_consts"], name, value)

    passed = [0]

    def pause(seconds):
        passed[0] += seconds
        if sleep_url is None:
            return
        body = json.dumps({"advanceMs": seconds * 1000, "settle": True}).encode()
        request = urllib.request.Request(sleep_url, body, {"Content-Type": "application/json"})
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).read()

    main.time = types.SimpleNamespace(sleep=pause, monotonic=lambda: passed[0] + (time.monotonic() if real_time else 0))
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        app = connector()
        app._handle_action(json.dumps(action), None)
    results = [action_result(result) for result in app.get_action_results()]
    good = sum(result["status"] == "success" for result in results)
    counts = ((good, "succeeded"), (len(results) - good, "failed"))
    told = ", ".join("{0} {1} {2}".format(n, "action" if n == 1 else "actions", what) for n, what in counts if n)
    return {
        "identifier": action["identifier"],
        "result_data": results,
        "result_summary": {"total_objects": len(results), "total_objects_successful": good},
        "status": "success" if results and good == len(results) else "failed",
        "message": told if results else app.get_status_message(),
        "exception_occured": False,
        "action_cancelled": False,
        "progress": said.getvalue(),
    }


for line in sys.stdin:
    print(json.dumps(run(json.loads(line))), flush=True)
