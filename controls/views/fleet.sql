-- One row a host of the inventory. Class: any role that holds state, or a declaration, makes a host stateful; what is both
-- takes the stricter; what is neither is unclassified. A host without a launch time counts from the start of the period. A
-- name that was used again is one host for as long as any of its lives: the latest life says whether it still lives.
with relevant as (
  select h.host, h.roles, h.class, h.cluster, h.image, h.launched_at, h.terminated_at, h.observed_at, h.source, h.line,
         max(coalesce(h.launched_at, cast($period_start as timestamp))) over (partition by h.host) as latest_launch
  from hosts h
  join snapshots s on s.host = h.host
  where (h.observed_at is null or (h.observed_at >= s.counts_from and h.observed_at < cast($period_end as timestamp)))
    and coalesce(h.launched_at, cast($period_start as timestamp)) < cast($period_end as timestamp) and coalesce(h.terminated_at, cast($period_end as timestamp)) > cast($period_start as timestamp)
),
votes as (
  select r.host,
         max(case when c.class = 'stateful' then 1 else 0 end) as holds_state,
         max(case when c.class = 'immutable' then 1 else 0 end) as holds_none
  from host_roles r
  join snapshots s on s.host = r.host
  join class_rules c on r.role = c.role or (c.is_prefix and starts_with(r.role, c.role))
  where r.observed_at is null or (r.observed_at >= s.counts_from and r.observed_at < cast($period_end as timestamp))
  group by r.host
),
seen as (
  select h.host,
         max(case when h.class = 'stateful' then 1 else 0 end) as declared_stateful,
         max(case when h.class = 'immutable' then 1 else 0 end) as declared_immutable,
         max(h.cluster) as cluster,
         min(coalesce(h.launched_at, cast($period_start as timestamp))) as launched_at,
         max(case when coalesce(h.launched_at, cast($period_start as timestamp)) = h.latest_launch then h.terminated_at end) as terminated_at,
         min(h.observed_at) as first_seen_at,
         max(h.observed_at) as last_seen_at
  from relevant h
  group by h.host
),
latest as (
  select host, image, roles, source, line from (
    select h.host, h.image, h.roles, h.source, h.line,
           row_number() over (partition by h.host order by case when h.image is null then 1 else 0 end, h.observed_at desc, h.source desc, h.line desc) as recency
    from relevant h
  ) as ranked
  where recency = 1
)
select s.host,
       case when coalesce(v.holds_state, 0) = 1 or s.declared_stateful = 1 then 'stateful'
            when coalesce(v.holds_none, 0) = 1 or s.declared_immutable = 1 then 'immutable'
            else 'unclassified' end as class,
       l.roles, s.cluster,
       greatest(cast($period_start as timestamp), s.launched_at) as alive_from,
       least(cast($period_end as timestamp), coalesce(s.terminated_at, cast($period_end as timestamp))) as alive_to,
       l.image, s.first_seen_at, s.last_seen_at,
       case when coalesce(v.holds_state, 0) = 1 then true else false end as holds_state,
       case when s.declared_immutable = 1 then 'immutable' when s.declared_stateful = 1 then 'stateful' end as declared,
       l.source, l.line
from seen s
join latest l on l.host = s.host
left join votes v on v.host = s.host
