-- What shows that a change was worked on: one row a change and kind of trace, on the hosts that it covers and in its span.
with covered as (
  select distinct d.change_id, w.host, d.from_at, d.to_at
  from implemented_changes d
  join approved_work w on w.change_id = d.change_id
  join fleet f on f.host = w.host
)
select m.change_id, 'its assignee ran privileged commands' as trace
from (select distinct change_id from work_candidates where kind = 'command' and change_id is not null) as m
union
select n.change_id, n.trace from named_changes n
union
select c.change_id, 'a configuration run changed something' as trace
from covered c
join config_runs r on r.host = c.host and r.outcome = 'changed' and coalesce(r.noop, false) = false and r.occurred_at >= c.from_at and r.occurred_at <= c.to_at
union
select c.change_id, 'a configuration run put something back' as trace
from covered c
join config_drift r on r.host = c.host and r.occurred_at >= c.from_at and r.occurred_at <= c.to_at
union
select c.change_id, 'an alarm was raised' as trace
from covered c
join alarms m on m.host = c.host and m.occurred_at >= c.from_at and m.occurred_at <= c.to_at
union
select c.change_id, 'a host was launched' as trace
from covered c
join hosts h on h.host = c.host and h.launched_at >= c.from_at and h.launched_at <= c.to_at
union
select d.change_id, 'an image was built' as trace
from implemented_changes d
join change_targets t on t.change_id = d.change_id
join (select image as target, built_at from images union select lower(name) as target, built_at from images) as i
  on i.target = t.target and i.built_at >= d.from_at and i.built_at <= d.to_at
