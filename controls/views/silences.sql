-- Stretches without a record of a stream, for each host and for as long as it lived: between two records, before the first
-- and after the last one. Activity is kept by day, so stretches of less than a day may be missing.
with days as (
  select a.host, a.stream, a.day, min(a.first_at) as first_at, max(a.last_at) as last_at,
         min(a.source) as source, min(a.line) as line
  from log_activity a
  where a.last_at >= cast($period_start as timestamp) and a.first_at < cast($period_end as timestamp)
  group by a.host, a.stream, a.day
),
steps as (
  select host, stream, first_at, source, line,
         lag(last_at) over (partition by host, stream order by first_at) as before_at
  from days
),
edges as (
  select d.host, d.stream, min(d.first_at) as first_at, max(d.last_at) as last_at, min(d.source) as source, max(d.source) as last_source
  from days d
  group by d.host, d.stream
)
select s.host, s.stream, s.before_at as from_at, s.first_at as to_at,
       extract(epoch from s.first_at) - extract(epoch from s.before_at) as gap_s, 'between' as place, s.source, s.line
from steps s
where s.before_at is not null
union all
select e.host, e.stream, f.alive_from as from_at, e.first_at as to_at,
       extract(epoch from e.first_at) - extract(epoch from f.alive_from) as gap_s, 'before' as place, e.source, 1 as line
from edges e
join fleet f on f.host = e.host
where e.first_at > f.alive_from
union all
select e.host, e.stream, e.last_at as from_at, f.alive_to as to_at,
       extract(epoch from f.alive_to) - extract(epoch from e.last_at) as gap_s, 'after' as place, e.last_source as source, 1 as line
from edges e
join fleet f on f.host = e.host
where e.last_at < f.alive_to
