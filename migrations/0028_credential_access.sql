-- Users may choose the key of a credential, and say from which addresses it may be used. SQLite
-- changes a check only together with the table.
create table credential_with_access (
    credential_id text    not null primary key
        check (length(credential_id) = 32 and credential_id not glob '*[^0-9a-f]*'),
    name          text    not null unique
        check (length(name) between 3 and 64
            and name glob '[A-Za-z]*' and name not glob '*[^A-Za-z0-9_]*'),
    app_key       text    not null unique
        check (length(app_key) between 8 and 200 and app_key not glob '*[^-A-Za-z0-9_]*'),
    sealed_secret blob    not null,
    access        text    check (json_valid(access)), -- JSON that the domain checks; null: from any address
    created_at_ms integer not null
) strict;

insert into credential_with_access (credential_id, name, app_key, sealed_secret, created_at_ms)
select credential_id, name, app_key, sealed_secret, created_at_ms from credential;

create table moved_app_code (
    app_code_id   text    not null primary key
        check (length(app_code_id) = 32 and app_code_id not glob '*[^0-9a-f]*'),
    credential_id text    not null references credential_with_access on delete cascade,
    sealed_code   blob    not null,
    ending        text    not null check (length(ending) = 4), -- its last characters, to be shown
    created_at_ms integer not null
) strict;

insert into moved_app_code (app_code_id, credential_id, sealed_code, ending, created_at_ms)
select app_code_id, credential_id, sealed_code, ending, created_at_ms from app_code;

create table moved_credential_api (
    credential_id  text not null references credential_with_access on delete cascade,
    trigger_id     text not null references trigger on delete cascade,
    environment_id text not null references environment on delete cascade,
    primary key (credential_id, trigger_id, environment_id)
) strict, without rowid;

insert into moved_credential_api (credential_id, trigger_id, environment_id)
select credential_id, trigger_id, environment_id from credential_api;

-- The tables that refer to the old one go first: dropping it would empty them.
drop table app_code;
drop table credential_api;
drop table credential;
alter table credential_with_access rename to credential;
alter table moved_app_code rename to app_code;
alter table moved_credential_api rename to credential_api;

create index app_code_credential on app_code (credential_id, created_at_ms);
create index credential_api_trigger on credential_api (trigger_id); -- for deleting a trigger
create index credential_api_environment on credential_api (environment_id);
