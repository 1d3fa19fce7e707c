-- Request throttling counts users by themselves. What one credential had, each user had too.
update policy
set rule = json_set(rule, '$.Throttling.user_requests', json_extract(rule, '$.Throttling.credential_requests'))
where kind = 'THROTTLING';

-- Sets of gateway responses that a group has besides its own, the default one; each API is refused
-- by one of them. What a set says, by types, is JSON that the domain checks.
create table response_set (
    response_id   text    not null primary key
        check (length(response_id) = 32 and response_id not glob '*[^0-9a-f]*'),
    group_id      text    not null references api_group on delete cascade,
    name          text    not null
        check (length(name) between 1 and 64 and name not glob '*[^A-Za-z0-9_-]*'),
    responses     text    not null check (json_valid(responses)),
    created_at_ms integer not null,
    unique (group_id, name)
) strict;

-- By which set the API's callers are refused; null: by the group's default one.
alter table trigger add column response_id text references response_set on delete set null;

create index trigger_response on trigger (response_id);
