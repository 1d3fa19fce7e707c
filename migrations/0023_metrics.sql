-- What calls took, by function and by minute and hour, so that Monitoring > Metrics reads a few
-- hundred rows where there are a million invocations. Like these they outlive their function.
create table metric (
    function_id       text    not null check (length(function_id) = 36),
    span_ms           integer not null check (span_ms in (60000, 3600000)), -- a minute or an hour
    began_ms          integer not null check (began_ms % span_ms = 0),
    calls             integer not null check (calls > 0), -- those that ran
    failures          integer not null check (failures between 0 and calls),
    cold_starts       integer not null check (cold_starts between 0 and calls),
    duration_sum_us   integer not null,
    duration_min_us   integer not null,
    duration_max_us   integer not null,
    memory_sum_bytes  integer not null,
    memory_min_bytes  integer not null,
    memory_max_bytes  integer not null,
    durations         text    not null, -- a histogram: bucket:count, with spaces between
    primary key (function_id, span_ms, began_ms)
) strict, without rowid;

create index metric_oldest on metric (began_ms); -- for retention

-- Those that are kept already. Their percentiles stay unknown.
insert into metric
select function_id, 60000, started_at_ms / 60000 * 60000, count(*),
    sum(cause not in ('Success', 'ColdStart')), sum(cold_start_us is not null),
    sum(duration_us), min(duration_us), max(duration_us),
    sum(memory_used_bytes), min(memory_used_bytes), max(memory_used_bytes), ''
from invocation
where hook is null and started_at_ms >= 0
group by 1, 3;

insert into metric
select function_id, 3600000, began_ms / 3600000 * 3600000, sum(calls),
    sum(failures), sum(cold_starts),
    sum(duration_sum_us), min(duration_min_us), max(duration_max_us),
    sum(memory_sum_bytes), min(memory_min_bytes), max(memory_max_bytes), ''
from metric
group by 1, 3;

-- Calls that were refused, now by the reason too, and by the hour.
create table refused_call (
    function_id text    not null check (length(function_id) = 36),
    span_ms     integer not null check (span_ms in (60000, 3600000)),
    began_ms    integer not null check (began_ms % span_ms = 0),
    reason      text    not null check (reason in ('INSTANCES', 'POLICY')),
    count       integer not null check (count > 0),
    primary key (function_id, span_ms, began_ms, reason)
) strict, without rowid;

insert into refused_call
select function_id, 60000, minute_ms, 'INSTANCES', count from throttle;

insert into refused_call
select function_id, 3600000, minute_ms / 3600000 * 3600000, 'INSTANCES', sum(count)
from throttle
group by 1, 3;

drop table throttle;

alter table refused_call rename to throttle;

create index throttle_oldest on throttle (began_ms); -- for retention

-- The most instances of each minute and hour in which a function had any.
create table instance_peak (
    function_id text    not null check (length(function_id) = 36),
    span_ms     integer not null check (span_ms in (60000, 3600000)),
    began_ms    integer not null check (began_ms % span_ms = 0),
    busy        integer not null check (busy >= 0),     -- at work
    ready       integer not null check (ready >= 0),    -- waiting for a call
    reserved    integer not null check (reserved >= 0), -- that were to be there always
    primary key (function_id, span_ms, began_ms)
) strict, without rowid;

create index instance_peak_oldest on instance_peak (began_ms); -- for retention
