"""A client of Sluice's console: the calls that its own pages make."""

import http.client
import http.cookies
import json
import time
import urllib.parse

from load import Failed

# A snapshot takes a fraction of a second.
SNAPSHOT_SECONDS = 30


class Console:
    """The console, signed in."""

    def __init__(self, port: int, user: str, password: str):
        self.port = port
        self.cookie = ""
        self.post_form("session/sign-in", name=user, password=password)
        if not self.cookie:
            raise Failed("the console let the administrator in, but set no cookie")

    def get(self, endpoint: str, **query: str) -> object:
        query = urllib.parse.urlencode(query)
        return self.send("GET", f"{endpoint}?{query}" if query else endpoint)

    def post_form(self, endpoint: str, **fields: str) -> object:
        body = urllib.parse.urlencode(fields)
        return self.send("POST", endpoint, body, "application/x-www-form-urlencoded")

    def post_json(self, endpoint: str, **arguments: object) -> object:
        return self.send("POST", endpoint, json.dumps(arguments), "application/json")

    def send(self, method: str, endpoint: str, body: str | None = None, kind: str | None = None) -> object:
        headers = {"Accept": "application/json"}
        if kind:
            headers["Content-Type"] = kind
        if self.cookie:
            headers["Cookie"] = self.cookie
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(method, f"/api/{endpoint}", body, headers)
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        if response.status != 200:
            raise Failed(f"the console answered {endpoint} with {response.status}: {text}")
        for line in response.headers.get_all("set-cookie") or []:
            for name, morsel in http.cookies.SimpleCookie(line).items():
                self.cookie = f"{name}={morsel.value}"
        return json.loads(text)

    def create_function(self, name: str, runtime: str = "Python3.12") -> None:
        self.post_form("functions/create", name=name, runtime=runtime)

    def deploy(self, name: str, code: str, file: str = "index.py") -> None:
        base = self.get("code/find", name=name)["attributes"]["signature"]
        changes = {"base": base, "written": {file: code}, "removed": []}
        self.post_json("code/deploy", name=name, changes=changes)

    def fresh_instances(self, name: str) -> None:
        """Lets each call of the function have an instance of its own."""
        concurrency = {"max_instances": 400, "reserved_instances": 0, "fresh_instances": True}
        self.post_json("functions/update-concurrency", name=name, concurrency=concurrency)

    def let_run(self, name: str, seconds: int) -> None:
        """Lets a call of the function run for so long."""
        settings = {"handler": "index.handler", "memory": 512, "timeout": seconds, "description": ""}
        self.post_json("functions/update-basic-settings", name=name, settings=settings)

    def create_group(self) -> str:
        """Creates an API group and returns its id."""
        return self.post_json("api-groups/create", name="APIGroup_test")["group_id"]

    def create_trigger(self, name: str, path: str, group_id: str, timeout_ms: int = 5000) -> None:
        """Publishes the function for everyone, by HTTP and HTTPS, as the seed's table has
        it otherwise."""
        environments = self.get("triggers/choices")["environments"]
        settings = {
            "api_name": f"API_{name}",
            "group_id": group_id,
            "authentication": "NONE",
            "protocol": "BOTH",
            "path": path,
            "matching": "SWA",
            "method": "ANY",
            "timeout": timeout_ms,
        }
        release = next(one["environment_id"] for one in environments if one["name"] == "RELEASE")
        self.post_json("triggers/create", name=name, settings=settings, environment_id=release)

    def newest_requests(self, name: str) -> dict:
        """The Request List: the newest requests of the last hour."""
        query = {
            "range": "Hour",
            "from": None,
            "to": None,
            "keyword": "",
            "result": "All",
            "cause": None,
            "request_id": "",
            "levels": [],
        }
        return self.post_json("logs/requests", name=name, query=query)

    def cold_start(self, name: str) -> dict:
        """How new instances get to the code: its "snapshot" is "Preparing" until there is one or the
        reason why there is none."""
        return self.get("code/cold-start", name=name)

    def wait_for_snapshot(self, name: str, pause_s: float = 0.05) -> None:
        """Asks again and again until new instances begin with a snapshot."""
        deadline = time.monotonic() + SNAPSHOT_SECONDS
        while "Made" not in (state := self.cold_start(name)["snapshot"]):
            if time.monotonic() > deadline:
                raise Failed(f"there is no snapshot after {SNAPSHOT_SECONDS} s: {state}")
            time.sleep(pause_s)
