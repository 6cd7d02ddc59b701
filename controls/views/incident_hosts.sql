-- One row an incident and host that it concerns: targets are host names, or names that stand for hosts; items that ServiceNow's
-- task_ci names for an incident count, too. The latest copy of a record counts. `timed` says whether the record tells when it
-- was open: it has a time of opening, and an end unless it goes on. A name that several people share stands for none of them:
-- opener or assignee is then unknown, and shared_assignee says the name.
with copies as (
  select i.incident_id, i.state, i.opened_by, i.assigned_to, i.opened_at, i.resolved_at, i.source, i.line,
         row_number() over (partition by i.incident_id
           order by case when s.as_of is null then 1 else 0 end, s.as_of desc, i.source desc, i.line desc, i.target desc) as recency
  from incidents i
  left join sources s on s.path = i.source
),
latest as (
  select c.incident_id, c.state, c.opened_at, c.resolved_at, c.source, c.line,
         case when c.opened_at is not null and (c.resolved_at is not null or c.state in ('new', 'in_progress', 'on_hold'))
           then true else false end as timed,
         case when not coalesce(o.shared, false) then coalesce(o.person, lower(c.opened_by)) end as opener,
         case when not coalesce(w.shared, false) then coalesce(w.person, lower(c.assigned_to)) end as assignee,
         case when w.shared then w.alias end as shared_assignee
  from copies c
  left join identities o on o.alias = lower(c.opened_by)
  left join identities w on w.alias = lower(c.assigned_to)
  where c.recency = 1
),
named as (
  select i.incident_id, i.target from incidents i where i.target is not null
  union
  select t.change_id as incident_id, t.target from change_targets t
),
covered as (
  select n.incident_id, n.target as host from named n
  union
  select n.incident_id, m.host from named n join group_members m on m.name = n.target
)
select l.incident_id, c.host, l.state, l.opened_at, l.resolved_at, l.timed, l.opener, l.assignee, l.shared_assignee, l.source, l.line
from covered c
join latest l on l.incident_id = c.incident_id
