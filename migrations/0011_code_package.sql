-- Files of the code are any bytes, and a package is what a ZIP archive unpacks to: at most
-- 128 MB. Not "without rowid": a row can have megabytes.
create table function_file_of_bytes (
    function_id text not null references function on delete cascade,
    path        text not null
        check (length(cast(path as blob)) between 1 and 255 and path not glob '/*'),
    content     blob not null check (length(content) <= 134217728),
    primary key (function_id, path)
) strict;

insert into function_file_of_bytes (function_id, path, content)
    select function_id, path, cast(text as blob) from function_file;
drop table function_file;
alter table function_file_of_bytes rename to function_file;

-- The old column's limit goes with it.
alter table function add column package_size integer not null default 0
    check (package_size between 0 and 134217728); -- bytes of all files
update function set package_size = code_size;
alter table function drop column code_size;
alter table function rename column package_size to code_size;
