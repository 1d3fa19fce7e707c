-- Policies of the gateway. What each says is JSON that the domain checks.
create table policy (
    policy_id     text    not null primary key
        check (length(policy_id) = 32 and policy_id not glob '*[^0-9a-f]*'),
    kind          text    not null check (length(kind) between 1 and 64),
    name          text    not null
        check (length(name) between 3 and 64
            and name glob '[A-Za-z]*' and name not glob '*[^A-Za-z0-9_]*'),
    rule          text    not null check (json_valid(rule)),
    created_at_ms integer not null,
    unique (kind, name)
) strict;

-- Which APIs a policy is bound to: of each kind an API has one.
create table policy_api (
    trigger_id text not null references trigger on delete cascade,
    kind       text not null,
    policy_id  text not null references policy on delete cascade,
    primary key (trigger_id, kind)
) strict, without rowid;

create index policy_api_policy on policy_api (policy_id);
