-- An encrypted variable: what `secrets.key` made of its value. The value itself is empty then.
alter table function_env_var add column sealed blob
    check (sealed is null or value = '');

-- What runs before an instance is stopped.
alter table function add column pre_stop text -- null: nothing
    check (length(pre_stop) between 3 and 128);
alter table function add column pre_stop_timeout_s integer not null default 3
    check (pre_stop_timeout_s between 1 and 90);

-- These names are the platform's from now on.
update function_env_var set key = 'USER_' || key
    where key in ('RUNTIME_PRE_STOP_HANDLER', 'RUNTIME_PRE_STOP_TIMEOUT');

-- What ran in the place of the handler. Its "origin" says TEST: a check cannot be changed
-- without copying the table.
alter table invocation add column hook text -- null: the handler ran
    check (hook in ('PRE_STOP'));
