-- What an API group says about all of its APIs.
alter table api_group add column description text not null default ''
    check (length(description) <= 255);
-- Whether its APIs can be called by the group's own host.
alter table api_group add column has_debugging_domain integer not null default 1
    check (has_debugging_domain in (0, 1));

-- Answers of the gateway's own that a group changes, by their types. What each says is JSON that
-- the domain checks.
create table gateway_response (
    group_id text not null references api_group on delete cascade,
    type     text not null check (length(type) between 1 and 64),
    response text not null check (json_valid(response)),
    primary key (group_id, type)
) strict, without rowid;

-- Variables of a group in an environment: what is different there.
create table stage_variable (
    group_id       text not null references api_group on delete cascade,
    environment_id text not null references environment on delete cascade,
    name           text not null
        check (length(name) between 3 and 32
            and name glob '[A-Za-z]*' and name not glob '*[^A-Za-z0-9_-]*'),
    value          text not null
        check (length(value) between 1 and 255 and value not glob '*[^A-Za-z0-9_/.:-]*'),
    primary key (group_id, environment_id, name)
) strict, without rowid;

create index stage_variable_environment on stage_variable (environment_id); -- for deleting an environment
