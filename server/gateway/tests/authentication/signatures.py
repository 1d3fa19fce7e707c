"""Makes signatures.json: requests, each signed by the vendor's own SDK.

    pip install huaweicloudsdkcore==3.1.219
    python3 server/gateway/tests/authentication/signatures.py > server/gateway/tests/authentication/signatures.json
"""

import json
from collections import namedtuple

from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer

KEY, SECRET = "0123456789abcdef0123456789abcdef", "a-secret-of-the-tests"
HOST = "07070707070707070707070707070707.apig.localhost"
DATE = "20261123T120000Z"

Credentials = namedtuple("Credentials", "ak sk")


def signed(name, method, path, query=(), headers=None, body=""):
    request = SdkRequest(
        method=method,
        schema="https",
        host=HOST,
        resource_path=path,
        query_params=list(query),
        header_params={"X-Sdk-Date": DATE, **(headers or {})},
        body=body,
    )
    Signer(Credentials(KEY, SECRET)).sign(request)
    # The signer leaves header values as they go over the wire, each byte a character.
    sent = {key: value.encode("iso-8859-1").decode("utf-8") for key, value in request.header_params.items()}
    return {"name": name, "method": method, "uri": request.uri, "headers": sent, "body": body}


cases = [
    signed("a GET", "GET", "/f"),
    signed("a path with a slash at its end", "GET", "/f/"),
    signed("a path of several segments", "GET", "/f/a/b.c~d-e_f"),
    signed("a path with escapes", "GET", "/f/%E4%B8%AD%20a%2Bb/%C3%BC"),
    signed("a query", "GET", "/f", [("b", "2"), ("a", "1")]),
    signed("a repeated query", "GET", "/f", [("a", ["2", "1", "10"]), ("b", "")]),
    signed("a query with escapes", "GET", "/f", [("käse", "grüße & so=+/?"), ("a b", "中 文"), ("t", "~*'()!")]),
    signed("a POST", "POST", "/f", body='{"a": 1}', headers={"Content-Type": "application/json"}),
    signed("a POST of unicode", "POST", "/f", body='{"ü": "中文 🎉"}', headers={"Content-Type": "application/json; charset=utf-8"}),
    signed("a POST without a body", "POST", "/f", headers={"Content-Type": "application/json"}),
    signed("a body that is not signed", "POST", "/f", body="a=1&b=2", headers={"Content-Type": "application/x-www-form-urlencoded"}),
    signed("no body and it is not signed", "PUT", "/f", headers={"Content-Type": "text/plain"}),
    signed("headers of its own", "DELETE", "/f/1", headers={"X-Zeta": "  spaces around  ", "A-Header": "a  b", "x_skipped": "1"}),
    signed("a header of unicode", "GET", "/f", headers={"X-Name": "grün"}),
    signed("a number used once", "GET", "/f", headers={"X-Sdk-Nonce": "7d5e"}),
    signed("a stage", "PATCH", "/f", headers={"X-Stage": "RELEASE"}, body="{}"),
]
print(json.dumps({"key": KEY, "secret": SECRET, "date": DATE, "cases": cases}, indent=1, ensure_ascii=False))
