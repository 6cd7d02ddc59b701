-- Privileged commands whose identifier stands in more than one source.
select c.host, c.event_id, c.actor, c.command, c.occurred_at, c.source, c.line
from privileged_commands c
join (
  select host, event_id from privileged_commands where event_id is not null group by host, event_id having min(source) <> max(source)
) as several on several.host = c.host and several.event_id = c.event_id
