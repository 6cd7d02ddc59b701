-- One row a privileged command and change of its own person on its host whose window holds it; one row without a change
-- where there is none. Rank: 1 approved before, 2 emergency approved afterwards, 3 approved by somebody unknown, 4 approved
-- late, 5 approved by nobody else, 6 not approved. A change that overlaps with no other of the same host and person needs
-- no grouping, which keeps this one pass over the commands.
with overlapping as (
  select distinct a.change_id, a.host, a.person
  from approved_work a
  join approved_work b on b.host = a.host and b.person = a.person and b.change_id <> a.change_id
    and b.starts_at < a.until_at and b.until_at > a.starts_at
),
own as (
  select a.change_id, a.host, a.person, a.starts_at, a.until_at, a.approved_at,
         case when a.approved and a.independent = 'yes' then '1'
              when a.approved and a.independent = 'unknown' then '3'
              when a.approved then '5'
              else '6' end as rank,
         case when a.approved and a.independent = 'no' then '5'
              when a.approved and a.kind = 'emergency' then '2'
              when a.approved then '4'
              else '6' end as late_rank,
         case when o.change_id is null then false else true end as overlaps
  from approved_work a
  left join overlapping o on o.change_id = a.change_id and o.host = a.host and o.person = a.person
),
commands as (
  select c.source, c.line, c.host, c.actor, coalesce(i.person, lower(c.actor)) as person, coalesce(i.shared, false) as shared,
         c.occurred_at, c.command
  from privileged_commands c
  left join identities i on i.alias = lower(c.actor)
  where c.outcome = 'accepted'
    and c.occurred_at >= cast($period_start as timestamp) and c.occurred_at < cast($period_end as timestamp)
)
select c.source, c.line, c.host, c.actor, c.person, c.shared, c.occurred_at, c.command,
       o.change_id, coalesce(o.overlaps, false) as overlaps,
       case when o.approved_at > c.occurred_at then o.late_rank else o.rank end as rank
from commands c
left join own o on o.host = c.host and o.person = c.person and c.occurred_at >= o.starts_at and c.occurred_at < o.until_at
