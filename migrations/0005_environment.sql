-- Environments: where an API is published.
create table environment (
    environment_id text    not null primary key
        check (length(environment_id) = 32 and environment_id not glob '*[^0-9a-f]*'),
    name           text    not null unique
        check (length(name) between 3 and 64
            and name glob '[A-Za-z]*' and name not glob '*[^A-Za-z0-9_]*'),
    created_at_ms  integer not null
) strict;

-- The one that always exists. Its id spells RELEASE in hexadecimal, the same in every database.
insert into environment (environment_id, name, created_at_ms)
values ('52454c45415345000000000000000000', 'RELEASE', 0);
