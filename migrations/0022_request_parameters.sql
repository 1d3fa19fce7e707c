-- What an API declares of the parameters of its requests: a list in JSON that the domain checks. In
-- what was published before the list is missing, which means none.
alter table trigger add column request_parameters text not null default '[]'
    check (json_valid(request_parameters));
