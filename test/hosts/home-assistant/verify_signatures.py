"""Judges signed requests with the components' own signature.py: a JSON list in, a JSON list of booleans out."""

import importlib.util
import json
import sys

spec = importlib.util.spec_from_file_location("signature", sys.argv[1])
signature = importlib.util.module_from_spec(spec)
spec.loader.exec_module(signature)


def judge(case):
    body = case["body"]
    fields = [(name, value) for name, value in case["fields"]]
    raw = None if body is None else body.encode("utf-8")
    return signature.is_genuine(case["url"], case["signature"], case["token"], fields, raw)


print(json.dumps([judge(case) for case in json.load(sys.stdin)]))
