-- Hosts whose privileged commands stand in more than one source.
select host from privileged_commands group by host having min(source) <> max(source)
