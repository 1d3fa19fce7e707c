-- An API and where it is published. Until now a trigger was an API in one environment; from here
-- on its row is the API's latest definition, which counts for callers once it is published.
create table trigger_definition (
    trigger_id            text    not null primary key check (length(trigger_id) = 36),
    function_id           text    not null references function on delete cascade,
    api_id                text    not null unique
        check (length(api_id) = 32 and api_id not glob '*[^0-9a-f]*'),
    api_name              text    not null unique -- on the whole gateway: APIG.3202
        check (length(api_name) between 3 and 64
            and api_name glob '[A-Za-z]*' and api_name not glob '*[^A-Za-z0-9_]*'),
    group_id              text    not null references api_group,
    -- Which there are, the domain says.
    authentication        text    not null
        check (authentication glob '[A-Z]*' and authentication not glob '*[^A-Z_]*'),
    protocol              text    not null check (protocol in ('HTTP', 'HTTPS', 'BOTH')),
    path                  text    not null check (path glob '/*' and length(path) <= 512), -- case-sensitive
    matching              text    not null check (matching in ('NORMAL', 'SWA')),
    method                text    not null
        check (method in ('GET', 'POST', 'DELETE', 'PUT', 'PATCH', 'HEAD', 'OPTIONS', 'ANY')),
    timeout_ms            integer not null check (timeout_ms between 1 and 60000),
    created_at_ms         integer not null,
    -- Whether callers with App authentication may send an AppCode instead of a signature.
    simple_authentication integer not null default 0 check (simple_authentication in (0, 1))
) strict;

insert into trigger_definition (trigger_id, function_id, api_id, api_name, group_id, authentication,
    protocol, path, matching, method, timeout_ms, created_at_ms, simple_authentication)
select trigger_id, function_id, api_id, api_name, group_id, authentication,
    protocol, path, matching, method, timeout_ms, created_at_ms, simple_authentication
from trigger;

-- Snapshots of definitions, numbered for each API and environment. What each says is JSON that the
-- domain checks.
create table publication (
    trigger_id      text    not null references trigger_definition on delete cascade,
    environment_id  text    not null references environment,
    number          integer not null check (number > 0),
    settings        text    not null check (json_valid(settings)),
    path_shape      text    not null check (path_shape glob '/*'), -- the path without its parameters' names
    description     text    not null check (length(description) <= 255),
    published_at_ms integer not null,
    is_current      integer not null check (is_current in (0, 1)), -- what callers reach
    primary key (trigger_id, environment_id, number)
) strict, without rowid;

-- Of an API, one record is current in an environment, or none.
create unique index publication_current on publication (trigger_id, environment_id) where is_current;

-- Two APIs that take the same requests cannot both be published: FSS.1147, APIG.3301.
create unique index publication_route on publication (
    settings ->> '$.group_id', environment_id, settings ->> '$.method', path_shape,
    settings ->> '$.matching'
) where is_current;

create index publication_environment on publication (environment_id); -- for deleting one

-- All that there is was published when it was made.
insert into publication (trigger_id, environment_id, number, settings, path_shape, description,
    published_at_ms, is_current)
select trigger_id, environment_id, 1,
    json_object(
        'api_name', api_name, 'group_id', group_id, 'authentication', authentication,
        'simple_authentication', json(iif(simple_authentication, 'true', 'false')),
        'protocol', protocol, 'path', path, 'matching', matching, 'method', method,
        'timeout', timeout_ms),
    path_shape, '', created_at_ms, 1
from trigger;

-- What credentials and policies are bound to is an API in one environment.
create table bound_credential (
    credential_id  text not null references credential on delete cascade,
    trigger_id     text not null references trigger_definition on delete cascade,
    environment_id text not null references environment on delete cascade,
    primary key (credential_id, trigger_id, environment_id)
) strict, without rowid;

insert into bound_credential (credential_id, trigger_id, environment_id)
select credential_id, trigger_id, environment_id from credential_api join trigger using (trigger_id);

create table bound_policy (
    trigger_id     text not null references trigger_definition on delete cascade,
    environment_id text not null references environment on delete cascade,
    kind           text not null,
    policy_id      text not null references policy on delete cascade,
    primary key (trigger_id, environment_id, kind)
) strict, without rowid;

insert into bound_policy (trigger_id, environment_id, kind, policy_id)
select trigger_id, environment_id, kind, policy_id from policy_api join trigger using (trigger_id);

-- The tables that refer to the old one go first: dropping it would empty them.
drop table credential_api;
drop table policy_api;
drop table trigger;
alter table trigger_definition rename to trigger;
alter table bound_credential rename to credential_api;
alter table bound_policy rename to policy_api;

create index trigger_function on trigger (function_id, created_at_ms); -- Configuration > Triggers
create index credential_api_trigger on credential_api (trigger_id); -- for deleting a trigger
create index credential_api_environment on credential_api (environment_id);
create index policy_api_policy on policy_api (policy_id);
create index policy_api_environment on policy_api (environment_id);

alter table environment add column description text not null default '' check (length(description) <= 255);
