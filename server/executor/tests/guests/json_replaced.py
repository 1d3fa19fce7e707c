"""Replaces how results are written and events are read."""

import json


def attack(context):
    json.dumps = json.JSONEncoder.encode = json.JSONEncoder.iterencode = lambda *args, **others: "}{"
    json.loads = lambda text: {"read": "otherwise"}
    return {"a": [1]}
