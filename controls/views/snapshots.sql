-- From when inventory snapshots of a host count: those of the period, and the last one before it. Older ones say what the
-- host was, not what it is. Snapshots without a time always count.
select h.host, coalesce(max(case when h.observed_at < p.starts_at then h.observed_at end), p.starts_at) as counts_from
from hosts h
cross join period p
group by h.host, p.starts_at
