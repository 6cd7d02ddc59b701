-- inline
-- What explains each privileged command, alarm and drift, and where nothing does, the nearest miss. Commands are first
-- explained by equal host and person and the window; only the few that remain are searched for near misses.
with judged as (
  select m.source, m.line, m.host, m.actor, m.command as item, m.occurred_at, m.change_id, m.rank
  from command_matches m
  where not m.overlaps
  union all
  select g.source, g.line, g.host, g.actor, g.item, g.occurred_at, substr(g.best, 2) as change_id, substr(g.best, 1, 1) as rank
  from (
    select m.source, m.line, m.host, m.actor, m.command as item, m.occurred_at, min(concat(m.rank, m.change_id)) as best
    from command_matches m
    where m.overlaps
    group by m.source, m.line, m.host, m.actor, m.command, m.occurred_at
  ) as g
),
misses as (
  select source, line, host, person, occurred_at from command_matches where rank is null
),
candidates as (
  select m.source, m.line, a.change_id, 1 as rank, 0.0 as distance_s
  from misses m
  join approved_work a on a.host = m.host and m.occurred_at >= a.starts_at and m.occurred_at < a.until_at
  where a.person <> m.person and not a.standing
  union all
  select m.source, m.line, a.change_id, 2 as rank,
         case when m.occurred_at < a.starts_at then extract(epoch from m.occurred_at) - extract(epoch from a.starts_at)
              else extract(epoch from m.occurred_at) - extract(epoch from a.ends_at) end as distance_s
  from misses m
  join approved_work a on a.host = m.host and a.person = m.person
  union all
  select m.source, m.line, a.change_id, 3 as rank, 0.0 as distance_s
  from misses m
  join approved_work a on a.person = m.person and m.occurred_at >= a.starts_at and m.occurred_at < a.until_at
  where a.host <> m.host
  union all
  select m.source, m.line, a.change_id, 4 as rank,
         case when m.occurred_at < a.starts_at then extract(epoch from m.occurred_at) - extract(epoch from a.starts_at)
              else extract(epoch from m.occurred_at) - extract(epoch from a.ends_at) end as distance_s
  from misses m
  join approved_work a on a.host = m.host
  where a.person <> m.person and not a.standing
),
nearest as (
  select source, line, change_id, rank, distance_s from (
    select source, line, change_id, rank, distance_s,
           row_number() over (partition by source, line order by rank, abs(distance_s), change_id) as place
    from candidates
  ) as ranked
  where place = 1
),
scans as (
  select host, tool, occurred_at, lag(occurred_at) over (partition by host, tool order by occurred_at) as before_at from alarm_runs
),
runs as (
  select host, tool, occurred_at, lag(occurred_at) over (partition by host, tool order by occurred_at) as before_at from config_runs
),
events as (
  select 'alarm' as kind, m.source, m.line, m.host, m.tool as actor, m.target as item, m.occurred_at,
         coalesce(s.before_at, d.starts_at) as since_at
  from alarms m
  cross join period d
  left join scans s on s.host = m.host and s.tool = m.tool and s.occurred_at = m.occurred_at
  where m.occurred_at >= d.starts_at and m.occurred_at < d.ends_at
  union all
  select 'drift' as kind, m.source, m.line, m.host, m.tool as actor, m.resource as item, m.occurred_at,
         coalesce(max(s.before_at), d.starts_at) as since_at
  from config_drift m
  cross join period d
  left join runs s on s.host = m.host and s.tool = m.tool and s.occurred_at <= m.occurred_at
  where m.occurred_at >= d.starts_at and m.occurred_at < d.ends_at
  group by m.source, m.line, m.host, m.tool, m.resource, m.occurred_at, d.starts_at
),
explained as (
  select e.kind, e.source, e.line, e.item,
         min(concat(
           case when a.approved and a.independent <> 'no' then '1' when a.approved then '4' else '5' end, a.change_id)) as best
  from events e
  join approved_work a on a.host = e.host and a.starts_at <= e.occurred_at and a.ends_at >= e.since_at and not a.standing
  group by e.kind, e.source, e.line, e.item
)
select 'command' as kind, j.source, j.line, j.host, j.actor, j.item, j.occurred_at, j.change_id,
       case when j.rank = '1' then 'host, person and window'
            when j.rank = '2' then 'host, person and window of an emergency change, approved afterwards' end as rule,
       case when j.rank in ('1', '2') then 'explained'
            when j.rank = '3' then 'approved_late'
            when j.rank = '4' then 'self_approved'
            when j.rank = '5' then 'unapproved'
            when n.rank = 1 then 'wrong_person'
            when n.rank = 2 then 'outside_window'
            when n.rank = 3 then 'wrong_host'
            else 'no_change' end as verdict,
       coalesce(j.change_id, n.change_id) as nearest_change, n.distance_s
from judged j
left join nearest n on n.source = j.source and n.line = j.line
union all
select e.kind, e.source, e.line, e.host, e.actor, e.item, e.occurred_at, substr(x.best, 2) as change_id,
       case when substr(x.best, 1, 1) = '1' then 'host, and a window since the look before' end as rule,
       case when substr(x.best, 1, 1) = '1' then 'explained'
            when substr(x.best, 1, 1) = '4' then 'self_approved'
            when substr(x.best, 1, 1) = '5' then 'unapproved'
            else 'no_change' end as verdict,
       substr(x.best, 2) as nearest_change, cast(null as double) as distance_s
from events e
left join explained x on x.kind = e.kind and x.source = e.source and x.line = e.line and x.item = e.item
