-- Hosts that a function may open connections to, an entry a line; at most 50 of at most 260
-- characters.
alter table function add column outbound text not null default '' -- empty: none
    check (length(outbound) <= 50 * 261);
