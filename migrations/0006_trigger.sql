-- API Gateway (Dedicated) triggers, each with the API that it published.
create table trigger (
    trigger_id     text    not null primary key check (length(trigger_id) = 36),
    function_id    text    not null references function on delete cascade,
    api_id         text    not null unique
        check (length(api_id) = 32 and api_id not glob '*[^0-9a-f]*'),
    api_name       text    not null unique -- on the whole gateway: APIG.3202
        check (length(api_name) between 3 and 64
            and api_name glob '[A-Za-z]*' and api_name not glob '*[^A-Za-z0-9_]*'),
    group_id       text    not null references api_group,
    environment_id text    not null references environment,
    authentication text    not null check (authentication in ('APP', 'IAM', 'NONE')),
    protocol       text    not null check (protocol in ('HTTP', 'HTTPS', 'BOTH')),
    path           text    not null check (path glob '/*' and length(path) <= 512), -- case-sensitive
    path_shape     text    not null check (path_shape glob '/*'), -- the path without its parameters' names
    matching       text    not null check (matching in ('NORMAL', 'SWA')),
    method         text    not null
        check (method in ('GET', 'POST', 'DELETE', 'PUT', 'PATCH', 'HEAD', 'OPTIONS', 'ANY')),
    timeout_ms     integer not null check (timeout_ms between 1 and 60000),
    created_at_ms  integer not null,
    -- Two APIs that take the same requests cannot both be published: FSS.1147.
    unique (group_id, environment_id, method, path_shape, matching)
) strict;

create index trigger_function on trigger (function_id, created_at_ms); -- Configuration > Triggers
