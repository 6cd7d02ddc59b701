-- One row a change and host that it may touch: targets are host names, or groups, clusters and roles expanded through the
-- inventory as it was in the period; `via` says which. Environments are no targets: they would cover nearly everything.
-- Windows are written to the second, and the last second belongs to them: they hold what is before until_at.
with members as (
  select g.group_name as name, g.host, 'group' as via, g.observed_at from host_groups g
  union
  select lower(h.cluster) as name, h.host, 'cluster' as via, h.observed_at from hosts h where h.cluster is not null
  union
  select lower(r.role) as name, r.host, 'role' as via, r.observed_at from host_roles r
),
touched as (
  select t.change_id, t.target as host, '' as via from change_targets t
  union
  select t.change_id, m.host, m.via
  from change_targets t
  join members m on m.name = t.target
  join snapshots s on s.host = m.host
  cross join period p
  where m.observed_at is null or (m.observed_at >= s.counts_from and m.observed_at < p.ends_at)
),
covered as (
  select change_id, host, min(via) as via from touched group by change_id, host
)
select a.change_id, t.host, a.assignee as person, a.shared_assignee, a.kind, a.starts_at, a.ends_at, a.ends_at + interval '1 second' as until_at,
       a.approved, a.approved_at, a.approver, a.independent, a.standing, case when t.via = '' then 'name' else t.via end as via
from covered t
join approved_changes a on a.change_id = t.change_id
where a.starts_at is not null and a.ends_at is not null
