-- One row a change and host that it may touch: targets are host names, or groups expanded through the inventory as it was
-- in the period. Windows are written to the second, and the last second belongs to them: they hold what is before until_at.
with members as (
  select distinct g.group_name, g.host
  from host_groups g
  join snapshots s on s.host = g.host
  cross join period p
  where g.observed_at is null or (g.observed_at >= s.counts_from and g.observed_at < p.ends_at)
),
touched as (
  select t.change_id, t.target as host from change_targets t
  union
  select t.change_id, g.host from change_targets t join members g on g.group_name = t.target
)
select a.change_id, t.host, a.assignee as person, a.kind, a.starts_at, a.ends_at, a.ends_at + interval '1 second' as until_at,
       a.approved, a.approved_at, a.approver, a.independent, a.standing
from touched t
join approved_changes a on a.change_id = t.change_id
where a.starts_at is not null and a.ends_at is not null
