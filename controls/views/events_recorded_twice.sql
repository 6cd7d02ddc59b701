-- Privileged commands whose identifier stands in more than one source. Most hosts have all their records in one, and need no
-- comparison of identifiers.
select c.host, c.event_id, c.actor, c.command, c.occurred_at, c.source, c.line
from privileged_commands c
join (
  select p.host, p.event_id
  from privileged_commands p
  join spread_hosts s on s.host = p.host
  where p.event_id is not null
  group by p.host, p.event_id
  having min(p.source) <> max(p.source)
) as several on several.host = c.host and several.event_id = c.event_id
