-- inline
-- What explains each privileged command, alarm and drift, and where nothing does, the nearest miss.
with judged as (
  select m.source, m.line, m.host, m.actor, m.person, m.shared, m.command as item, m.occurred_at, m.change_id, m.rank
  from command_matches m
  where not m.overlaps
  union all
  select g.source, g.line, g.host, g.actor, g.person, g.shared, g.item, g.occurred_at,
         substr(g.best, 2) as change_id, substr(g.best, 1, 1) as rank
  from (
    select m.source, m.line, m.host, m.actor, m.person, m.shared, m.command as item, m.occurred_at, min(concat(m.rank, m.change_id)) as best
    from command_matches m
    where m.overlaps
    group by m.source, m.line, m.host, m.actor, m.person, m.shared, m.command, m.occurred_at
  ) as g
),
looks as (
  select distinct host, tool, occurred_at from alarm_runs where outcome <> 'failed'
  union
  select distinct host, tool, occurred_at from config_runs where outcome <> 'failed'
),
reported as (
  select 'alarm' as kind, source, line, host, tool, target as item, occurred_at from alarms
  union all
  select 'drift' as kind, source, line, host, tool, resource as item, occurred_at from config_drift
),
events as (
  -- A finding is about the time since the look before it; without any look, about its own moment.
  select r.kind, r.source, r.line, r.host, r.tool as actor, r.item, r.occurred_at,
         case when count(l.occurred_at) = 0 then r.occurred_at
              else coalesce(max(case when l.occurred_at < r.occurred_at then l.occurred_at end), d.starts_at) end as since_at
  from reported r
  cross join period d
  left join looks l on l.host = r.host and l.tool = r.tool
  where r.occurred_at >= d.starts_at and r.occurred_at < d.ends_at
  group by r.kind, r.source, r.line, r.host, r.tool, r.item, r.occurred_at, d.starts_at
),
explained as (
  select e.kind, e.source, e.line, e.item,
         min(concat(
           case when a.approved and a.independent = 'yes' and (a.approved_at is null or a.approved_at <= e.occurred_at) then '1'
                when a.approved and a.independent = 'yes' and a.kind = 'emergency' then '2'
                when a.approved and a.independent = 'unknown' then '3'
                when a.approved and a.independent = 'yes' then '4'
                when a.approved then '5'
                else '6' end, a.change_id)) as best
  from events e
  join approved_work a on a.host = e.host and a.starts_at <= e.occurred_at and a.until_at > e.since_at and not a.standing
  group by e.kind, e.source, e.line, e.item
)
select 'command' as kind, j.source, j.line, j.host, j.actor, j.item, j.occurred_at, j.change_id,
       case when j.rank = '1' then 'host, person and window'
            when j.rank = '2' then 'host, person and window of an emergency change, approved afterwards' end as rule,
       case when j.shared then 'ambiguous'
            when j.rank in ('1', '2') then 'explained'
            when j.rank = '3' then 'approver_unknown'
            when j.rank = '4' then 'approved_late'
            when j.rank = '5' then 'self_approved'
            when j.rank = '6' then 'unapproved'
            when n.rank = 1 then 'wrong_person'
            when n.rank = 2 then 'outside_window'
            when n.rank = 3 then 'wrong_host'
            else 'no_change' end as verdict,
       coalesce(j.change_id, n.change_id) as nearest_change, n.distance_s, n.near_change, n.near_s
from judged j
left join command_misses n on n.source = j.source and n.line = j.line
union all
select e.kind, e.source, e.line, e.host, e.actor, e.item, e.occurred_at, substr(x.best, 2) as change_id,
       case when substr(x.best, 1, 1) in ('1', '2') then 'host, and a window since the look before' end as rule,
       case when substr(x.best, 1, 1) in ('1', '2') then 'explained'
            when substr(x.best, 1, 1) = '3' then 'approver_unknown'
            when substr(x.best, 1, 1) = '4' then 'approved_late'
            when substr(x.best, 1, 1) = '5' then 'self_approved'
            when substr(x.best, 1, 1) = '6' then 'unapproved'
            else 'no_change' end as verdict,
       substr(x.best, 2) as nearest_change, cast(null as double) as distance_s,
       cast(null as varchar) as near_change, cast(null as double) as near_s
from events e
left join explained x on x.kind = e.kind and x.source = e.source and x.line = e.line and x.item = e.item
