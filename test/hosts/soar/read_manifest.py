"""
Reads the app's JSON with the reader that splunk-soar-sdk has for apps of this kind (`soarapps convert`), which refuses
what has not the documented form, and prints what it found.
"""

import json
import sys
import tempfile
from pathlib import Path

from soar_sdk.cli.manifests.deserializers import AppMetaDeserializer
from soar_sdk.compat import PythonVersion

manifest = json.loads((Path(sys.argv[1]) / "twilio.json").read_text())
# A version of the SDK refuses Pythons that its own platforms no longer have, among others that they do have.
known = [str(version) for version in PythonVersion.all()]
manifest["python_version"] = ", ".join(v for v in manifest["python_version"].split(", ") if v in known)
with tempfile.TemporaryDirectory() as folder:
    file = Path(folder) / "twilio.json"
    file.write_text(json.dumps(manifest))
    meta = AppMetaDeserializer.from_app_json(file).app_meta


def fields(model):
    # `from` is a word of Python: the SDK calls such a field `from_`.
    members = getattr(model, "model_fields", None) or model.__fields__
    return sorted(name.rstrip("_") for name in members)


print(
    json.dumps(
        {
            "name": meta.name,
            "appid": meta.appid,
            "publisher": meta.publisher,
            "version": meta.app_version,
            "python": meta.python_version,
            "configuration": {
                name: {"data_type": field["data_type"], "required": field["required"]}
                for name, field in meta.configuration.items()
            },
            "actions": {
                action.identifier: {
                    "action": action.action,
                    "type": action.type,
                    "read_only": action.read_only,
                    "parameters": fields(action.parameters),
                    "output": fields(action.output),
                }
                for action in meta.actions
            },
        },
        default=str,
    )
)
