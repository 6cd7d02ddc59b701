-- One row a name and host that it stands for: groups, clusters and roles of the inventory as it was in the period; `via` says
-- which. Environments are no such names: they would cover nearly everything.
with members as (
  select g.group_name as name, g.host, 'group' as via, g.observed_at from host_groups g
  union
  select lower(h.cluster) as name, h.host, 'cluster' as via, h.observed_at from hosts h where h.cluster is not null
  union
  select lower(r.role) as name, r.host, 'role' as via, r.observed_at from host_roles r
)
select m.name, m.host, min(m.via) as via
from members m
join snapshots s on s.host = m.host
where m.observed_at is null or (m.observed_at >= s.counts_from and m.observed_at < cast($period_end as timestamp))
group by m.name, m.host
