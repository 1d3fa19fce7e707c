-- Access keys of the console's users: callers of an API with IAM authentication sign with the
-- secret, which is sealed with `secrets.key`.
create table access_key (
    access_key_id text    not null primary key
        check (length(access_key_id) = 32 and access_key_id not glob '*[^0-9a-f]*'),
    user_id       text    not null references user on delete cascade,
    sealed_secret blob    not null,
    description   text    not null check (length(description) <= 512),
    is_enabled    integer not null default 1 check (is_enabled in (0, 1)),
    created_at_ms integer not null
) strict;

create index access_key_user on access_key (user_id, created_at_ms); -- Access Keys
