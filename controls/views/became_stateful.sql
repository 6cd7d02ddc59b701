-- Hosts that an inventory saw as immutable and later as stateful, and that none saw as stateful before: between which two
-- moments the host became stateful. One that was launched anew in between became so at its launch.
with stateful as (
  select host, observed_at, launched_at from (
    select c.host, c.observed_at, c.launched_at,
           row_number() over (partition by c.host order by c.observed_at, c.launched_at, c.source, c.line) as place
    from classes_seen c
    join snapshots s on s.host = c.host
    where c.class = 'stateful' and c.observed_at >= s.counts_from
  ) as ranked
  where place = 1
),
undated as (
  -- A snapshot without a time may be of any moment.
  select host from hosts where observed_at is null and class = 'stateful'
  union
  select r.host
  from host_roles r
  join class_rules c on c.class = 'stateful' and (r.role = c.role or (c.is_prefix and starts_with(r.role, c.role)))
  where r.observed_at is null
),
turned as (
  select host, min(until_at) as until_at from class_changes where from_class = 'immutable' and to_class = 'stateful' group by host
)
select t.host,
       case when f.launched_at > t.until_at and f.launched_at <= f.observed_at then f.launched_at else t.until_at end as until_at,
       case when f.launched_at > t.until_at and f.launched_at <= f.observed_at then f.launched_at else f.observed_at end as since_at
from turned t
join stateful f on f.host = t.host and f.observed_at > t.until_at
left join undated u on u.host = t.host
where u.host is null
