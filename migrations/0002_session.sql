-- Sessions of the console. The key is the SHA-256 of the session's id, so that
-- a copy of the database signs nobody in.
create table session (
    session_hash  text    not null primary key
        check (length(session_hash) = 64 and session_hash not glob '*[^0-9a-f]*'),
    user_id       text    references user on delete cascade, -- null before signing in
    data          blob    not null,
    expires_at_ms integer not null
) strict;

create index session_user on session (user_id);          -- to end all sessions of one user
create index session_expires on session (expires_at_ms); -- to drop the expired ones
