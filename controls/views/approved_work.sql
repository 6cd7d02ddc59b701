-- One row a change and host that it may touch: targets are host names, or groups, clusters and roles expanded through the
-- inventory as it was in the period; `via` says which.
-- Windows are written to the second, and the last second belongs to them: they hold what is before until_at.
with touched as (
  select t.change_id, t.target as host, '' as via from change_targets t
  union
  select t.change_id, m.host, m.via from change_targets t join group_members m on m.name = t.target
),
covered as (
  select change_id, host, min(via) as via from touched group by change_id, host
)
select a.change_id, t.host, a.assignee as person, a.shared_assignee, a.kind, a.starts_at, a.ends_at, a.ends_at + interval '1 second' as until_at,
       a.approved, a.approved_at, a.approver, a.independent, a.standing, case when t.via = '' then 'name' else t.via end as via
from covered t
join approved_changes a on a.change_id = t.change_id
where a.starts_at is not null and a.ends_at is not null
