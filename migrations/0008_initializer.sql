-- What runs once in each new instance, before its first call.
alter table function add column initializer text -- null: nothing does
    check (initializer is null or length(initializer) between 3 and 128);
alter table function add column initialization_timeout_s integer not null default 3
    check (initialization_timeout_s between 1 and 300);
