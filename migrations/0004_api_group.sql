-- API groups: sets of APIs that share a host.
create table api_group (
    group_id      text    not null primary key
        check (length(group_id) = 32 and group_id not glob '*[^0-9a-f]*'), -- it is the host's first label
    name          text    not null unique check (length(name) between 3 and 255),
    created_at_ms integer not null
) strict;
