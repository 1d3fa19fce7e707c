-- What users may do in the console. Until now all could do everything but what only the command
-- line does; those who were no administrators keep what they had but the server's own settings.
alter table user add column role text not null default 'VIEWER'
    check (role glob '[A-Z]*' and role not glob '*[^A-Z_]*');
update user set role = iif(is_admin, 'ADMINISTRATOR', 'DEVELOPER');
alter table user drop column is_admin;
alter table user add column is_disabled integer not null default 0 check (is_disabled in (0, 1));
alter table user add column last_signed_in_at_ms integer; -- null: never

-- Who changed what, the last 100000 changes. Names are kept as they were: users and things go, what
-- they did stays.
create table audit_entry (
    entry_id  integer not null primary key, -- grows, so that inserts append
    at_ms     integer not null,
    user_name text    not null check (length(user_name) <= 64), -- '': nobody who is known
    address   text    not null check (length(address) <= 64),   -- '': not known
    action    text    not null check (length(action) between 1 and 64), -- for example functions/delete
    object    text    not null check (length(object) <= 256),
    status    integer not null check (status between 100 and 599) -- of the answer; from 400 on it was refused
) strict;
