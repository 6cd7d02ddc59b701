-- One row a piece of work (privileged command or login) and change of its own person on its host whose window holds it; one
-- row without a change where there is none. What names a change itself is held against that one alone. Rank: 1 approved
-- before, 2 emergency approved afterwards, 3 approved by somebody unknown, 4 approved late, 5 approved by nobody else, 6 not
-- approved. A change that overlaps with no other of the same host and person needs no grouping, which keeps this one pass.
-- `plain` is what one proper change explains, of an account that nobody shares and no automation has: most work should be.
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
         case when o.change_id is null then false else true end as contested
  from approved_work a
  left join overlapping o on o.change_id = a.change_id and o.host = a.host and o.person = a.person
),
done as (
  select 'command' as kind, c.source, c.line, c.host, c.actor, c.command as item, c.occurred_at, c.change_id as named, c.tty
  from privileged_commands c
  where c.outcome = 'accepted'
    and c.occurred_at >= cast($period_start as timestamp) and c.occurred_at < cast($period_end as timestamp)
  union all
  -- Cron and scripts leave records of su by root, and systemd-logind repeats what others say.
  select 'session' as kind, s.source, s.line, s.host, s.actor, coalesce(s.method, 'login') as item, s.occurred_at,
         s.change_id as named, cast(null as varchar) as tty
  from sessions s
  where s.outcome = 'accepted' and coalesce(s.method, '') <> 'logind' and not (coalesce(s.method, '') = 'su' and lower(s.actor) = 'root')
    and s.occurred_at >= cast($period_start as timestamp) and s.occurred_at < cast($period_end as timestamp)
),
work as (
  select d.kind, d.source, d.line, d.host, d.actor, coalesce(i.person, lower(d.actor)) as person, coalesce(i.shared, false) as shared,
         case when not coalesce(i.automation, false) then cast(null as varchar)
              when lower(d.tty) not in ('', '?', 'none', '(none)', 'unknown', 'cron', 'notty') then 'terminal'
              else 'batch' end as automation,
         d.item, d.occurred_at, d.named
  from done d
  left join identities i on i.alias = lower(d.actor)
),
held as (
  select w.kind, w.source, w.line, w.host, w.actor, w.person, w.shared, w.automation, w.item, w.occurred_at, w.named,
         l.opens, o.change_id, coalesce(o.contested, false) as contested,
         case when o.approved_at > w.occurred_at then o.late_rank else o.rank end as rank
  from work w
  left join own o on o.host = w.host and o.person = w.person and w.occurred_at >= o.starts_at and w.occurred_at < o.until_at
    and (w.named is null or w.named = o.change_id)
  left join shell_commands l on l.command = w.item and w.kind = 'command'
)
select h.kind, h.source, h.line, h.host, h.actor, h.person, h.shared, h.automation, h.item, h.occurred_at, h.named, h.opens,
       h.change_id, h.contested, h.rank,
       case when h.rank = '1' and not h.contested and not h.shared and h.automation is null then true else false end as plain
from held h
