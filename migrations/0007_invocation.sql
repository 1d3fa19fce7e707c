-- Invocations with their logs. A record outlives its function, as at the
-- vendor, so function_id refers to nothing.
--
-- The log stands in the invocation's own row, as a JSON array of
-- [at_ms, level, text]. A row per line would cost ten times the inserts and an
-- index as large as the text, while nobody asks for a line without its
-- invocation; the keyword search reads whole lines anyway. It is the last
-- column: a listing stops before it, and a long log lies on pages of its own
-- that a listing never reads.
create table invocation (
    invocation_id     integer not null primary key, -- grows, so that inserts append
    request_id        text    not null unique check (length(request_id) = 36),
    function_id       text    not null check (length(function_id) = 36),
    function_name     text    not null check (length(function_name) between 1 and 60),
    version           text    not null check (length(version) between 1 and 64),
    origin            text    not null check (origin in ('TEST', 'TRIGGER')),
    trigger_id        text    check (length(trigger_id) = 36),
    api_request_id    text    check (length(api_request_id) = 32),
    started_at_ms     integer not null,
    duration_us       integer not null check (duration_us >= 0),
    cold_start_us     integer check (cold_start_us >= 0), -- null on an instance that was there
    memory_used_bytes integer not null check (memory_used_bytes >= 0),
    cause             text    not null check (length(cause) between 1 and 64),
    log               text    not null,
    check ((origin = 'TRIGGER') = (trigger_id is not null)),
    check ((origin = 'TRIGGER') = (api_request_id is not null))
) strict;

-- Monitoring > Logs of one function, newest first. It has all that the filters
-- look at, so that a row is read only when it is shown.
create index invocation_list on invocation (function_id, started_at_ms, request_id, cause);

create index invocation_oldest on invocation (started_at_ms); -- for retention
