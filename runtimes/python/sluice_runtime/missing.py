"""What the sandbox lacks, in words."""

NO_THREADS = "Sluice's sandbox has no threads: do the work in the handler itself"
NO_PROCESSES = "Sluice's sandbox has no processes: a function cannot start other programs"
NO_DATAGRAMS = "Sluice's sandbox has no UDP: a function opens TCP connections, such as those of HTTP"
NO_LISTENING = "Sluice's sandbox takes no connections: a function can only open them"
NO_ASYNC_CONNECTIONS = (
    "Sluice's sandbox has no connections for asyncio: use urllib.request, http.client or what stands on them"
)
NO_SIGNALS = "Sluice's sandbox has no signals"
