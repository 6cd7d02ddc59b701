-- From when inventory snapshots of a host count: from its first one in the period, where that lies in the period's first
-- month; else from the last one before the period. Older ones say what the host was, not what it is. Snapshots without a
-- time always count.
select h.host,
       coalesce(
         min(case when h.observed_at >= cast($period_start as timestamp) and h.observed_at < cast($period_start as timestamp) + interval '31 days' and h.observed_at < cast($period_end as timestamp) then h.observed_at end),
         max(case when h.observed_at < cast($period_start as timestamp) then h.observed_at end),
         cast($period_start as timestamp)) as counts_from
from hosts h
group by h.host
