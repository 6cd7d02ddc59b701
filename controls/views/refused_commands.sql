-- What sudo refused on stateful hosts in the period, and its alerts.
select c.host, c.actor, coalesce(i.person, lower(c.actor)) as person, coalesce(i.shared, false) as shared, c.command, c.outcome, c.event_id,
       c.occurred_at, c.source, c.line
from privileged_commands c
join fleet f on f.host = c.host and f.class = 'stateful'
left join identities i on i.alias = lower(c.actor)
where c.outcome in ('rejected', 'alert')
  and c.occurred_at >= cast($period_start as timestamp) and c.occurred_at < cast($period_end as timestamp)
