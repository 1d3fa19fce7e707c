-- Credentials of the gateway: callers of an API with App authentication sign with the secret, or
-- send an AppCode. Both are sealed with `secrets.key`.
create table credential (
    credential_id text    not null primary key
        check (length(credential_id) = 32 and credential_id not glob '*[^0-9a-f]*'),
    name          text    not null unique
        check (length(name) between 3 and 64
            and name glob '[A-Za-z]*' and name not glob '*[^A-Za-z0-9_]*'),
    app_key       text    not null unique
        check (length(app_key) = 32 and app_key not glob '*[^0-9a-f]*'),
    sealed_secret blob    not null,
    created_at_ms integer not null
) strict;

create table app_code (
    app_code_id   text    not null primary key
        check (length(app_code_id) = 32 and app_code_id not glob '*[^0-9a-f]*'),
    credential_id text    not null references credential on delete cascade,
    sealed_code   blob    not null,
    ending        text    not null check (length(ending) = 4), -- its last characters, to be shown
    created_at_ms integer not null
) strict;

create index app_code_credential on app_code (credential_id, created_at_ms);

-- Which APIs a credential may call. A trigger is an API in one environment.
create table credential_api (
    credential_id text not null references credential on delete cascade,
    trigger_id    text not null references trigger on delete cascade,
    primary key (credential_id, trigger_id)
) strict, without rowid;

create index credential_api_trigger on credential_api (trigger_id); -- for deleting a trigger

-- Whether callers of an API with App authentication may send an AppCode instead of a signature.
alter table trigger add column simple_authentication integer not null default 0
    check (simple_authentication in (0, 1));
