-- Test events of functions: what Test hands over.
create table test_event (
    function_id text not null references function on delete cascade,
    name        text not null
        check (length(name) between 1 and 25
            and name glob '[A-Za-z]*' and name glob '*[A-Za-z0-9]'
            and name not glob '*[^-A-Za-z0-9_]*'),
    content     text not null check (length(cast(content as blob)) <= 65536 and json_valid(content)),
    primary key (function_id, name)
) strict; -- not "without rowid": a row can have 64 KB

-- The events of some invocations, without secrets, and what was answered. They stand apart from the
-- invocations: of a busy function most are not kept, and a listing reads none.
create table invocation_event (
    event_id    integer not null primary key, -- grows, so that inserts append
    request_id  text    not null unique check (length(request_id) = 36),
    function_id text    not null check (length(function_id) = 36),
    event_bytes integer not null check (event_bytes >= 0),
    event       text    check (length(cast(event as blob)) <= 131072), -- null: too large to be kept
    answer      text    check (length(cast(answer as blob)) <= 262144) -- null: too large, or there was none
) strict;

create index invocation_event_newest on invocation_event (function_id, event_id);

-- They are kept for as long as their invocations.
create trigger invocation_deleted after delete on invocation
begin
    delete from invocation_event where request_id = old.request_id;
end;
