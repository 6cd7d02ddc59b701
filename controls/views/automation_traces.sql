-- One row a piece of work by an account that the configuration declares for automation, on the hosts that it is declared
-- for: whether a run of its tool on the host holds the moment, which one, and the distance to the nearest one where none
-- does. `borrowed`: a terminal was open, which the declaration does not allow. Runs are in order of their beginning; the
-- one that lasts longest of those begun before is the one that may still hold.
with asked as (
  select distinct c.kind, c.source, c.line, c.host, r.tool, cast(r.within_s as double) as within_s,
         extract(epoch from c.occurred_at) as at_s,
         case when c.automation = 'terminal' and not r.terminals then true else false end as borrowed
  from work_open c
  join automation_rules r on r.account = lower(c.actor) and (r.host = c.host or (r.is_prefix and starts_with(c.host, r.host)))
  where c.automation is not null
),
runs as (
  select r.host, r.tool, extract(epoch from r.occurred_at) as from_s,
         extract(epoch from r.occurred_at) + coalesce(r.duration_s, 0.0) as to_s, min(r.occurred_at) as began_at
  from config_runs r
  join (select distinct host, tool from asked) as a on a.host = r.host and a.tool = r.tool
  group by r.host, r.tool, extract(epoch from r.occurred_at), extract(epoch from r.occurred_at) + coalesce(r.duration_s, 0.0)
),
points as (
  select host, tool, from_s as at_s, from_s, to_s, 0 as place from runs
  union all
  select distinct host, tool, at_s, cast(null as double) as from_s, cast(null as double) as to_s, 1 as place from asked
),
placed as (
  select host, tool, at_s, place,
         max(to_s) over (partition by host, tool order by at_s, place rows between unbounded preceding and current row) as before_s,
         min(from_s) over (partition by host, tool order by at_s, place rows between current row and unbounded following) as next_s
  from points
),
judged as (
  select a.kind, a.source, a.line, a.host, a.tool, a.borrowed,
         case when a.at_s < p.before_s + 1.0 + a.within_s then true when p.next_s - a.within_s <= a.at_s then true else false end as traced,
         case when a.at_s < p.before_s + 1.0 + a.within_s then p.before_s end as held_s,
         case when a.at_s < p.before_s + 1.0 + a.within_s then cast(null as double) else p.next_s end as held_next_s,
         case when p.before_s is null or p.next_s - a.at_s < a.at_s - p.before_s then a.at_s - p.next_s else a.at_s - p.before_s end as run_s
  from asked a
  join placed p on p.host = a.host and p.tool = a.tool and p.at_s = a.at_s and p.place = 1
),
ends as (
  select host, tool, to_s, min(began_at) as began_at from runs group by host, tool, to_s
),
begins as (
  select host, tool, from_s, min(began_at) as began_at from runs group by host, tool, from_s
),
ranked as (
  select j.kind, j.source, j.line, j.tool, j.borrowed, j.traced, coalesce(e.began_at, b.began_at) as run_at, j.run_s,
         row_number() over (partition by j.kind, j.source, j.line
           order by case when j.borrowed then 1 else 0 end, case when j.traced then 0 else 1 end, abs(j.run_s), j.tool) as place
  from judged j
  left join ends e on e.host = j.host and e.tool = j.tool and e.to_s = j.held_s
  left join begins b on b.host = j.host and b.tool = j.tool and b.from_s = j.held_next_s and j.traced
)
select kind, source, line, tool, borrowed, traced, run_at, run_s from ranked where place = 1
