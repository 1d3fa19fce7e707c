"""The handler as a component: for `wasmtime run`, which prints the answer of one call, and for
`wasmtime serve`, which answers a request."""

import json

import handler as function
from wit_world.imports.types import Fields, OutgoingBody, OutgoingResponse, ResponseOutparam
from wit_world.types import Ok


class Run:
    """`wasi:cli/run`."""

    def run(self) -> None:
        print(json.dumps(function.handler({}, None)))


class IncomingHandler:
    """`wasi:http/incoming-handler`."""

    def handle(self, request, response_out: ResponseOutparam) -> None:
        result = function.handler({}, None)
        headers = [(name, value.encode()) for name, value in result["headers"].items()]
        response = OutgoingResponse(Fields.from_list(headers))
        response.set_status_code(result["statusCode"])
        body = response.body()
        ResponseOutparam.set(response_out, Ok(response))
        stream = body.write()
        with stream:
            stream.blocking_write_and_flush(result["body"].encode())
        OutgoingBody.finish(body, None)
