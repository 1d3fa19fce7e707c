-- Users of the console.
--
-- Here and below: limits repeat the domain's, so that a bug above cannot store
-- what the console could never show. Moments are milliseconds since 1970 in UTC.
-- Lists that grow with the product (runtimes, causes) are checked by the domain
-- only, because SQLite cannot change a check without copying the table.
create table user (
    user_id           text    not null primary key check (length(user_id) = 36),
    name              text    not null collate nocase unique -- "Admin" and "admin" are one person
        check (length(name) between 1 and 64
            and name glob '[A-Za-z]*' and name not glob '*[^-A-Za-z0-9_.]*'),
    password_hash     text    not null check (length(password_hash) > 0),
    is_admin          integer not null check (is_admin in (0, 1)),
    failed_sign_ins   integer not null default 0 check (failed_sign_ins >= 0), -- since the last success
    last_failed_at_ms integer,
    created_at_ms     integer not null
) strict;
