-- How many instances a function has.
alter table function add column max_instances integer not null default 400
    check (max_instances between 1 and 1000);
alter table function add column reserved_instances integer not null default 0
    check (reserved_instances between 0 and max_instances);
alter table function add column fresh_instances integer not null default 0 -- each call has one of its own
    check (fresh_instances in (0, 1));
