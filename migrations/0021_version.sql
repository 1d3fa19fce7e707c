-- Published versions of functions. They never change; `latest`, which does, is the function's own row.
-- The settings are JSON that the domain checks, without the variables.
create table function_version (
    function_id     text    not null references function on delete cascade,
    version         text    not null
        check (length(version) between 1 and 42 and version <> 'latest'
            and version glob '[A-Za-z0-9]*' and version glob '*[A-Za-z0-9]'
            and version not glob '*[^-A-Za-z0-9_.]*'),
    description     text    not null check (length(description) <= 512),
    settings        text    not null check (json_valid(settings)),
    code_size       integer not null check (code_size between 0 and 134217728), -- bytes of all files
    code_digest     text    not null -- SHA-512
        check (length(code_digest) = 128 and code_digest not glob '*[^0-9a-f]*'),
    deployed_at_ms  integer not null, -- code
    published_at_ms integer not null,
    primary key (function_id, version)
) strict;

-- As in function_env_var: what is encrypted there stands here as it is there.
create table function_version_env_var (
    function_id text    not null,
    version     text    not null,
    position    integer not null check (position between 0 and 19),
    key         text    not null
        check (key glob '[A-Za-z]*' and key not glob '*[^-A-Za-z0-9_.]*'),
    value       text    not null check (length(key) + length(value) <= 4096),
    sealed      blob    check (sealed is null or value = ''),
    primary key (function_id, version, position),
    foreign key (function_id, version) references function_version on delete cascade
) strict, without rowid;

-- What files of versions contain, once for all that contain the same. Not "without rowid": a row can
-- have megabytes.
create table file_content (
    digest  blob not null primary key check (length(digest) = 32), -- SHA-256
    content blob not null check (length(content) <= 134217728)
) strict;

create table function_version_file (
    function_id text not null,
    version     text not null,
    path        text not null
        check (length(cast(path as blob)) between 1 and 255 and path not glob '/*'),
    digest      blob not null references file_content,
    primary key (function_id, version, path),
    foreign key (function_id, version) references function_version on delete cascade
) strict, without rowid;

create index function_version_file_digest on function_version_file (digest); -- for deleting one

create trigger function_version_file_deleted after delete on function_version_file
    when not exists (select 1 from function_version_file where digest = old.digest)
begin
    delete from file_content where digest = old.digest;
end;

-- Names for versions. Which calls go to an additional version is JSON that the domain checks.
create table alias (
    function_id    text    not null references function on delete cascade,
    name           text    not null
        check (length(name) between 1 and 63
            and name glob '[A-Za-z]*' and name glob '*[A-Za-z0-9]'
            and name not glob '*[^-A-Za-z0-9_]*'),
    version        text    not null check (length(version) between 1 and 42), -- latest, or a published one
    shifting       text    check (json_valid(shifting)), -- null: all calls go to the version
    description    text    not null check (length(description) <= 512),
    modified_at_ms integer not null,
    primary key (function_id, name),
    unique (function_id, version) -- FSS.1066
) strict, without rowid;

-- What of the function an API calls: latest, a version, or !alias. In a publication without it: latest.
alter table trigger add column target text not null default 'latest' check (length(target) between 1 and 64);
