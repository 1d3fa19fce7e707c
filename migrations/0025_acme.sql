-- A certificate of a domain name may be issued by ACME, too. SQLite cannot change a check, so
-- the table is made anew; where its certificate comes from is one column now.
create table domain_name_new (
    domain_name_id text    not null primary key
        check (length(domain_name_id) = 32 and domain_name_id not glob '*[^0-9a-f]*'),
    name           text    not null unique -- in lower case
        check (length(name) between 3 and 253 and name not glob '*[^a-z0-9.*-]*'),
    group_id       text    not null references api_group on delete cascade,
    source         text    not null check (source in ('none', 'local', 'acme', 'uploaded')),
    certificate_id text    references certificate,
    min_tls        text    not null check (min_tls in ('TLSv1.2', 'TLSv1.3')),
    redirect       integer not null check (redirect in (0, 1)),
    created_at_ms  integer not null,
    check ((source = 'uploaded') = (certificate_id is not null)),
    check (source <> 'acme' or name not glob '*[*]*'), -- wildcards need DNS-01
    check (redirect = 0 or source <> 'none')
) strict;

insert into domain_name_new
    select domain_name_id, name, group_id,
        case when is_issued = 1 then 'local' when certificate_id is null then 'none' else 'uploaded' end,
        certificate_id, min_tls, redirect, created_at_ms
    from domain_name;

drop table domain_name;
alter table domain_name_new rename to domain_name;

create index domain_name_group on domain_name (group_id);
create index domain_name_certificate on domain_name (certificate_id);

-- Which ACME server issues certificates. There is a row once its terms were agreed to.
create table acme_setting (
    only_one       integer not null primary key check (only_one = 1),
    directory      text    not null check (length(directory) between 1 and 512),
    contact        text    not null check (length(contact) between 1 and 254),
    -- The account there with its key, sealed with `secrets.key`, and the contact that it has. None until
    -- it is registered, and again when the directory is another one.
    sealed_account blob,
    known_contact  text
) strict;

-- What ACME has issued for domain names, and how it goes on. It stays when a name gets another certificate: to choose
-- ACME again must not cost another one.
create table acme_certificate (
    domain_name_id text    not null primary key references domain_name on delete cascade,
    chain          text    check (length(chain) between 1 and 65536), -- PEM
    sealed_key     blob,
    next_try_at_ms integer not null,
    not_before_ms  integer not null default 0, -- the server asked to wait until then
    failures       integer not null default 0, -- one after the other, up to now
    failure        text    check (length(failure) <= 500),
    failed_at_ms   integer,
    check ((chain is null) = (sealed_key is null)),
    check ((failure is null) = (failed_at_ms is null))
) strict;
