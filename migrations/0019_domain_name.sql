-- Certificates that were uploaded for domain names. The key is sealed with `secrets.key`.
create table certificate (
    certificate_id text    not null primary key
        check (length(certificate_id) = 32 and certificate_id not glob '*[^0-9a-f]*'),
    name           text    not null unique
        check (length(name) between 3 and 64
            and name glob '[A-Za-z]*' and name not glob '*[^A-Za-z0-9_]*'),
    chain          text    not null check (length(chain) between 1 and 65536), -- PEM
    sealed_key     blob    not null,
    created_at_ms  integer not null
) strict;

-- Domain names by which the APIs of a group are called besides the group's host.
create table domain_name (
    domain_name_id text    not null primary key
        check (length(domain_name_id) = 32 and domain_name_id not glob '*[^0-9a-f]*'),
    name           text    not null unique -- in lower case
        check (length(name) between 3 and 253 and name not glob '*[^a-z0-9.*-]*'),
    group_id       text    not null references api_group on delete cascade,
    is_issued      integer not null check (is_issued in (0, 1)), -- by the local authority
    certificate_id text    references certificate,
    min_tls        text    not null check (min_tls in ('TLSv1.2', 'TLSv1.3')),
    redirect       integer not null check (redirect in (0, 1)),
    created_at_ms  integer not null,
    check (is_issued = 0 or certificate_id is null),
    check (redirect = 0 or is_issued = 1 or certificate_id is not null)
) strict;

create index domain_name_group on domain_name (group_id);
create index domain_name_certificate on domain_name (certificate_id);
