-- Functions with their settings. Code and variables have tables of their own:
-- the Function List reads neither.
create table function (
    function_id    text    not null primary key check (length(function_id) = 36),
    name           text    not null unique -- case-sensitive, as at the vendor
        check (length(name) between 1 and 60
            and name glob '[A-Za-z]*' and name glob '*[A-Za-z0-9]'
            and name not glob '*[^-A-Za-z0-9_]*'),
    runtime        text    not null check (length(runtime) between 1 and 64),
    handler        text    not null check (length(handler) between 3 and 128),
    memory_mb      integer not null check (memory_mb between 128 and 4096),
    timeout_s      integer not null check (timeout_s between 1 and 900),
    description    text    not null check (length(description) <= 512),
    code_size      integer not null check (code_size between 0 and 20971520), -- bytes of all files
    code_digest    text    not null -- SHA-512
        check (length(code_digest) = 128 and code_digest not glob '*[^0-9a-f]*'),
    created_at_ms  integer not null,
    modified_at_ms integer not null, -- settings or code
    deployed_at_ms integer not null  -- code
) strict;

-- Environment variables, in the order in which the user wrote them.
create table function_env_var (
    function_id text    not null references function on delete cascade,
    position    integer not null check (position between 0 and 19),
    key         text    not null
        check (key glob '[A-Za-z]*' and key not glob '*[^-A-Za-z0-9_.]*'),
    value       text    not null check (length(key) + length(value) <= 4096),
    primary key (function_id, position),
    unique (function_id, key)
) strict, without rowid;

-- The files of the code. Not "without rowid": a row can have megabytes.
create table function_file (
    function_id text not null references function on delete cascade,
    path        text not null
        check (length(cast(path as blob)) between 1 and 255 and path not glob '/*'),
    text        text not null check (length(cast(text as blob)) <= 20971520),
    primary key (function_id, path)
) strict;
