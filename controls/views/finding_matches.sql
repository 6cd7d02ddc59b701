-- What explains each alarm and drift: the change on the host whose window reaches into the time since the look before it.
with looks as (
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
              else coalesce(max(case when l.occurred_at < r.occurred_at then l.occurred_at end), cast($period_start as timestamp)) end as since_at
  from reported r
  left join looks l on l.host = r.host and l.tool = r.tool
  where r.occurred_at >= cast($period_start as timestamp) and r.occurred_at < cast($period_end as timestamp)
  group by r.kind, r.source, r.line, r.host, r.tool, r.item, r.occurred_at
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
select e.kind, e.source, e.line, e.host, e.actor, e.item, e.occurred_at,
       case when substr(x.best, 1, 1) in ('1', '2') then 'explained'
            when substr(x.best, 1, 1) = '3' then 'approver_unknown'
            when substr(x.best, 1, 1) = '4' then 'approved_late'
            when substr(x.best, 1, 1) = '5' then 'self_approved'
            when substr(x.best, 1, 1) = '6' then 'unapproved'
            else 'no_change' end as verdict,
       substr(x.best, 2) as change_id
from events e
left join explained x on x.kind = e.kind and x.source = e.source and x.line = e.line and x.item = e.item
