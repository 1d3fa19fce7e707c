-- Calls that were refused for want of an instance, by minute. Like a record of an
-- invocation they outlive their function.
create table throttle (
    function_id text    not null check (length(function_id) = 36),
    minute_ms   integer not null check (minute_ms % 60000 = 0), -- when it began
    count       integer not null check (count > 0),
    primary key (function_id, minute_ms)
) strict, without rowid;

create index throttle_oldest on throttle (minute_ms); -- for retention
