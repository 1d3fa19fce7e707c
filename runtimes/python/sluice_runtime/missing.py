"""What the sandbox lacks, in words."""

NO_THREADS = "Sluice's sandbox has no threads: do the work in the handler itself"
NO_PROCESSES = "Sluice's sandbox has no processes: a function cannot start other programs"
NO_NETWORK = "Sluice's sandbox has no network: a function cannot open connections"
NO_SIGNALS = "Sluice's sandbox has no signals"
