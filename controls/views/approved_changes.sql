-- One row a change, with what is known of its approval. `independent` says whether somebody other than requester and
-- assignee approved it: yes, no, or unknown where the record names no approver. Several approvals count from the last.
with named as (
  select a.change_id, a.decision, a.decided_at, coalesce(p.person, lower(a.approver)) as approver
  from approvals a
  left join identities p on p.alias = lower(a.approver)
),
asked as (
  select c.change_id, c.kind, c.state, c.title, c.opened_at, c.source, c.line, c.closed_at,
         coalesce(r.person, lower(c.requested_by)) as requester,
         coalesce(w.person, lower(c.assigned_to)) as assignee,
         coalesce(c.planned_start, c.work_start) as starts_at,
         coalesce(c.planned_end, c.work_end) as ends_at,
         c.work_start, c.work_end
  from changes c
  left join identities r on r.alias = lower(c.requested_by)
  left join identities w on w.alias = lower(c.assigned_to)
),
decided as (
  select n.change_id,
         max(case when n.decision = 'approved' then 1 else 0 end) as approved,
         max(case when n.decision = 'rejected' then 1 else 0 end) as rejected,
         max(case when n.decision = 'approved' then n.decided_at end) as approved_at,
         sum(case when n.decision = 'approved' and n.approver <> coalesce(q.requester, '') and n.approver <> coalesce(q.assignee, '') then 1 else 0 end) as by_others,
         sum(case when n.decision = 'approved' and (n.approver = q.requester or n.approver = q.assignee) then 1 else 0 end) as by_themselves,
         min(case when n.decision = 'approved' then n.approver end) as approver
  from named n
  join asked q on q.change_id = n.change_id
  group by n.change_id
)
select q.change_id, q.kind, q.state, q.title, q.requester, q.assignee, q.opened_at, q.starts_at, q.ends_at,
       q.work_start, q.work_end, q.closed_at,
       case when d.approved = 1 and d.rejected = 0 and q.state in ('approved', 'in_progress', 'done') then true else false end as approved,
       d.approved_at, d.approver,
       case when d.by_others > 0 then 'yes' when d.by_themselves > 0 then 'no' else 'unknown' end as independent,
       -- A window of more than seven days is a standing permission: it explains its own person's work and nothing else.
       case when extract(epoch from q.ends_at) - extract(epoch from q.starts_at) > 604800 then true else false end as standing,
       q.source, q.line
from asked q
left join decided d on d.change_id = q.change_id
