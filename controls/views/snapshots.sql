-- From when inventory snapshots of a host count: from its first one in the period, where that lies in the period's first
-- month; else from the last one before the period. Older ones say what the host was, not what it is. Snapshots without a
-- time always count.
select h.host,
       coalesce(
         min(case when h.observed_at >= p.starts_at and h.observed_at < p.starts_at + interval '31 days' and h.observed_at < p.ends_at then h.observed_at end),
         max(case when h.observed_at < p.starts_at then h.observed_at end),
         p.starts_at) as counts_from
from hosts h
cross join period p
group by h.host, p.starts_at
