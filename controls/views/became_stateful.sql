-- Hosts that were seen as immutable, and only later as stateful: between which two moments the host became stateful. One that
-- was launched anew in between became so at its launch.
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
before as (
  select t.host, t.observed_at, t.launched_at, max(c.observed_at) as until_at
  from stateful t
  join classes_seen c on c.host = t.host and c.class = 'immutable' and c.observed_at < t.observed_at
  left join undated u on u.host = t.host
  where u.host is null
  group by t.host, t.observed_at, t.launched_at
)
select b.host,
       case when b.launched_at > b.until_at and b.launched_at <= b.observed_at then b.launched_at else b.until_at end as until_at,
       case when b.launched_at > b.until_at and b.launched_at <= b.observed_at then b.launched_at else b.observed_at end as since_at
from before b
