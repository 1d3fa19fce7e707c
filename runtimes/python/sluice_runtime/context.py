"""The `context` that a handler gets, with the method names of the platform."""

import json
import os
import time

from .logger import Logger


class Settings:
    """What a context tells of its function; the same for all calls of an instance."""

    def __init__(self):
        env = os.environ
        self.function_name = env["RUNTIME_FUNC_NAME"]
        self.version = env["RUNTIME_FUNC_VERSION"]
        self.package = env["RUNTIME_PACKAGE"]
        self.project_id = env["RUNTIME_PROJECT_ID"]
        self.timeout = int(env["RUNTIME_TIMEOUT"])
        self.memory = int(env["RUNTIME_MEMORY"])
        self.cpu = int(env["RUNTIME_CPU"])
        self.result_bytes = int(env["RUNTIME_MAX_RESP_BODY_SIZE"])
        self.user_data = json.loads(env["RUNTIME_USERDATA"])


class Context:
    """What a handler can ask about its call."""

    def __init__(self, settings, request_id, remaining_ms):
        self._settings = settings
        self._request_id = request_id
        self._deadline = time.monotonic() + remaining_ms / 1000

    def getRequestID(self):
        """The id of this invocation, as in the log."""
        return self._request_id

    def getRemainingTimeInMilliSeconds(self):
        """Milliseconds until the execution timeout ends this call."""
        return max(0, int((self._deadline - time.monotonic()) * 1000))

    def getRunningTimeInSeconds(self):
        """The execution timeout."""
        return self._settings.timeout

    def getFunctionName(self):
        return self._settings.function_name

    def getVersion(self):
        return self._settings.version

    def getAlias(self):
        """Empty: the call names no alias."""
        return ""

    def getMemorySize(self):
        """Megabytes of an instance."""
        return self._settings.memory

    def getCPUNumber(self):
        """Thousandths of a core that belong to the memory."""
        return self._settings.cpu

    def getProjectID(self):
        return self._settings.project_id

    def getPackage(self):
        """The app that the function belongs to."""
        return self._settings.package

    def getUserData(self, key, default=None):
        """The value of an environment variable of the function."""
        return self._settings.user_data.get(key, default)

    def getLogger(self):
        """The logger of this function."""
        return Logger()

    # There is no agency, whose keys these would be.
    def getToken(self):
        return ""

    def getAccessKey(self):
        return ""

    def getSecretKey(self):
        return ""

    def getSecurityAccessKey(self):
        return ""

    def getSecuritySecretKey(self):
        return ""

    def getSecurityToken(self):
        return ""
