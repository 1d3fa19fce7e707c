"""The adapter between functions-framework and the handler that both sides serve."""

import base64

import flask

import handler as function


def serve(request: flask.Request) -> flask.Response:
    """Calls the handler and turns what it returns into an answer.

    The event is empty: the handler does not read it, and making one would only
    slow this side down."""
    result = function.handler({}, None)
    body = result["body"]
    if result["isBase64Encoded"]:
        body = base64.b64decode(body)
    return flask.Response(body, status=result["statusCode"], headers=result["headers"])
