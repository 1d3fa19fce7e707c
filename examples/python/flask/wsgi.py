"""Puts a WSGI application, such as one of Flask or Django, behind an API Gateway trigger."""

import base64
import io
import sys
from urllib.parse import urlencode


def handler_of(application, base_path=""):
    """A handler that hands each request to `application`, which is mounted at `base_path`: the
    path of the trigger, without a slash at its end."""

    def handler(event, context):
        status, headers = None, []

        def start_response(line, pairs, exc_info=None):
            nonlocal status, headers
            status, headers = int(line.split(" ", 1)[0]), pairs
            return written.append

        written = []
        returned = application(_environ(event, base_path), start_response)
        try:
            written.extend(returned)
        finally:
            if hasattr(returned, "close"):
                returned.close()
        return {
            "statusCode": status,
            "headers": _with_repeated(headers),
            "isBase64Encoded": True,
            "body": base64.b64encode(b"".join(written)).decode(),
        }

    return handler


def _environ(event, base_path):
    headers = event["headers"]
    body = event["body"]
    body = base64.b64decode(body) if event["isBase64Encoded"] else body.encode()
    path = event["path"]
    script = base_path if base_path and f"{path}/".startswith(f"{base_path}/") else ""
    environ = {
        "REQUEST_METHOD": event["httpMethod"],
        "SCRIPT_NAME": _as_bytes_of_wsgi(script),
        "PATH_INFO": _as_bytes_of_wsgi(path[len(script):] or "/"),
        "QUERY_STRING": urlencode(event["queryStringParameters"], doseq=True),
        "SERVER_NAME": headers.get("x-forwarded-host", "localhost"),
        "SERVER_PORT": str(headers.get("x-forwarded-port", 443)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": headers.get("x-real-ip", ""),
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": headers.get("x-forwarded-proto", "https"),
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in headers.items():
        value = ",".join(value) if isinstance(value, list) else str(value)
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = _as_bytes_of_wsgi(value)
    environ["CONTENT_LENGTH"] = str(len(body))
    return environ


def _as_bytes_of_wsgi(text):
    """WSGI has bytes as characters of Latin-1."""
    return text.encode().decode("latin-1")


def _with_repeated(pairs):
    """Headers by name; those that came several times, such as `Set-Cookie`, as lists."""
    headers = {}
    for name, value in pairs:
        headers.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in headers.items()}
