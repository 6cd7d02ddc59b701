-- One row a change, from its latest copy, with what is known of its approval. The latest decision of each approver counts,
-- and one refusal outweighs any approval. `independent` says whether somebody other than requester and assignee approved:
-- yes, no, or unknown where the records do not name all three. The last independent approval gives the time; it is unknown
-- where one of them has none. A name that several people share stands for none of them: the assignee is then unknown, and
-- shared_assignee says the name.
with several as (
  select change_id from changes group by change_id having count(*) > 1
),
dated as (
  select c.change_id, c.kind, c.state, c.title, c.requested_by, c.assigned_to, c.opened_at, c.closed_at,
         coalesce(c.planned_start, c.work_start) as starts_at, coalesce(c.planned_end, c.work_end) as ends_at,
         c.work_start, c.work_end, c.source, c.line, s.as_of, v.change_id as repeated
  from changes c
  left join sources s on s.path = c.source
  left join several v on v.change_id = c.change_id
),
-- Most changes stand in the evidence once, and need no comparison.
copies as (
  select d.*, 1 as recency from dated d where d.repeated is null
  union all
  select d.*, row_number() over (partition by d.change_id
    order by case when d.as_of is null then 1 else 0 end, d.as_of desc, d.source desc, d.line desc) as recency
  from dated d
  where d.repeated is not null
),
asked as (
  select c.change_id, c.kind, c.state, c.title, c.opened_at, c.closed_at, c.starts_at, c.ends_at, c.work_start, c.work_end,
         c.source, c.line,
         case when not coalesce(r.shared, false) then coalesce(r.person, lower(c.requested_by)) end as requester,
         case when not coalesce(w.shared, false) then coalesce(w.person, lower(c.assigned_to)) end as assignee,
         case when w.shared then w.alias end as shared_assignee
  from copies c
  left join identities r on r.alias = lower(c.requested_by)
  left join identities w on w.alias = lower(c.assigned_to)
  where c.recency = 1
),
voices as (
  select a.change_id, case when p.shared then p.alias else coalesce(p.person, lower(a.approver)) end as approver,
         coalesce(p.shared, false) = false as certain, a.decision, a.decided_at, s.as_of
  from approvals a
  left join identities p on p.alias = lower(a.approver)
  left join sources s on s.path = a.source
  where a.decision in ('approved', 'rejected', 'cancelled')
),
-- Most changes have one decision, too.
again as (
  select change_id from approvals where decision in ('approved', 'rejected', 'cancelled') group by change_id having count(*) > 1
),
decisions as (
  select v.change_id, v.approver, v.certain, v.decision, v.decided_at
  from voices v
  left join again g on g.change_id = v.change_id
  where g.change_id is null
  union all
  select change_id, approver, certain, decision, decided_at from (
    select v.change_id, v.approver, v.certain, v.decision, v.decided_at,
           row_number() over (partition by v.change_id, coalesce(v.approver, '')
             order by case when v.decided_at is null then 1 else 0 end, v.decided_at desc,
                      case when v.as_of is null then 1 else 0 end, v.as_of desc, v.decision desc) as recency
    from voices v
    join again g on g.change_id = v.change_id
  ) as ranked
  where recency = 1
),
weighed as (
  select d.change_id, d.approver, d.decision, d.decided_at,
         case when d.decision = 'approved' and d.certain and d.approver <> coalesce(q.requester, '') and d.approver <> coalesce(q.assignee, '') then 1 else 0 end as by_another,
         case when d.decision = 'approved' and d.certain and (d.approver = q.requester or d.approver = q.assignee) then 1 else 0 end as by_themselves
  from decisions d
  join asked q on q.change_id = d.change_id
),
decided as (
  select w.change_id,
         max(case when w.decision = 'approved' then 1 else 0 end) as approved,
         max(case when w.decision = 'rejected' then 1 else 0 end) as rejected,
         sum(w.by_another) as by_others,
         sum(w.by_themselves) as by_themselves,
         sum(case when w.by_another = 1 and w.decided_at is null then 1 else 0 end) as untimed,
         max(case when w.by_another = 1 then w.decided_at end) as approved_by_others_at,
         max(case when w.decision = 'approved' then w.decided_at end) as approved_at,
         min(case when w.by_another = 1 then w.approver end) as other,
         min(case when w.decision = 'approved' then w.approver end) as anyone
  from weighed w
  group by w.change_id
)
select q.change_id, q.kind, q.state, q.title, q.requester, q.assignee, q.shared_assignee, q.opened_at, q.starts_at, q.ends_at,
       q.work_start, q.work_end, q.closed_at,
       -- What was cancelled before any work is no permission; what was cancelled after its work began was one.
       case when d.approved = 1 and d.rejected = 0
              and coalesce(q.state, '') not in ('draft', 'awaiting_approval', 'rejected')
              and not (coalesce(q.state, '') = 'cancelled' and q.work_start is null) then true else false end as approved,
       case when d.by_others > 0 and d.untimed > 0 then cast(null as timestamp)
            when d.by_others > 0 then d.approved_by_others_at
            else d.approved_at end as approved_at,
       coalesce(d.other, d.anyone) as approver,
       case when d.by_others > 0 and q.requester is not null and q.assignee is not null then 'yes'
            when d.by_others > 0 then 'unknown'
            when d.by_themselves > 0 then 'no'
            else 'unknown' end as independent,
       -- A window of more than seven days is a standing permission: it explains its own person's work and nothing else.
       case when extract(epoch from q.ends_at) - extract(epoch from q.starts_at) > 604800 then true else false end as standing,
       q.source, q.line
from asked q
left join decided d on d.change_id = q.change_id
