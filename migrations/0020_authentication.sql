-- Custom authorizers of the gateway: functions that decide who may call an API. How each is asked
-- is JSON that the domain checks.
create table authorizer (
    authorizer_id text    not null primary key
        check (length(authorizer_id) = 32 and authorizer_id not glob '*[^0-9a-f]*'),
    name          text    not null unique
        check (length(name) between 3 and 64
            and name glob '[A-Za-z]*' and name not glob '*[^A-Za-z0-9_]*'),
    function_id   text    references function on delete set null, -- null: it lets in nobody
    rule          text    not null check (json_valid(rule)),
    created_at_ms integer not null
) strict;

create index authorizer_function on authorizer (function_id); -- for deleting a function

-- What decides who may call the API.
alter table trigger add column authorizer_id text references authorizer
    check ((authorizer_id is not null) = (authentication = 'AUTHORIZER'));

create index trigger_authorizer on trigger (authorizer_id);

-- Settings of the gateway, each a value of JSON that the domain checks.
create table gateway_setting (
    name  text not null primary key check (length(name) between 1 and 64),
    value text not null check (json_valid(value))
) strict, without rowid;

-- Access tokens of the console's users: callers of an API with IAM authentication send one. Only
-- its SHA-256 is kept.
create table access_token (
    access_token_id text    not null primary key
        check (length(access_token_id) = 32 and access_token_id not glob '*[^0-9a-f]*'),
    user_id         text    not null references user on delete cascade,
    digest          blob    not null unique check (length(digest) = 32),
    ending          text    not null check (length(ending) = 4), -- its last characters, to be shown
    created_at_ms   integer not null,
    expires_at_ms   integer not null check (expires_at_ms > created_at_ms)
) strict;

create index access_token_user on access_token (user_id, created_at_ms); -- Access Keys
