-- One row a host of the inventory: the longest stretch, for as long as it lived, without a record of any log that would show
-- a login. That is the stream auth, or sudo, which the authentication log and the journal count as. A host that neither
-- names has been silent for its whole life, and has no source.
with days as (
  select a.host, a.day, min(a.first_at) as first_at, max(a.last_at) as last_at, min(a.source) as source, min(a.line) as line
  from log_activity a
  where a.stream in ('auth', 'sudo') and a.last_at >= cast($period_start as timestamp) and a.first_at < cast($period_end as timestamp)
  group by a.host, a.day
),
steps as (
  select host, first_at, source, line, lag(last_at) over (partition by host order by first_at) as before_at from days
),
edges as (
  select host, min(first_at) as first_at, max(last_at) as last_at, min(source) as source from days group by host
),
stretches as (
  select s.host, s.before_at as from_at, s.first_at as to_at, s.source, s.line from steps s where s.before_at is not null
  union all
  select e.host, f.alive_from as from_at, e.first_at as to_at, e.source, cast(1 as bigint) as line
  from edges e join fleet f on f.host = e.host where e.first_at > f.alive_from
  union all
  select e.host, e.last_at as from_at, f.alive_to as to_at, e.source, cast(1 as bigint) as line
  from edges e join fleet f on f.host = e.host where e.last_at < f.alive_to
),
longest as (
  select host, from_at, to_at, source, line from (
    select s.host, s.from_at, s.to_at, s.source, s.line,
           row_number() over (partition by s.host order by extract(epoch from s.to_at) - extract(epoch from s.from_at) desc, s.from_at) as place
    from stretches s
  ) as ranked
  where place = 1
)
select f.host, f.class,
       case when e.host is null then false else true end as heard,
       case when e.host is null then f.alive_from else l.from_at end as from_at,
       case when e.host is null then f.alive_to else l.to_at end as to_at,
       case when e.host is null then extract(epoch from f.alive_to) - extract(epoch from f.alive_from)
            else coalesce(extract(epoch from l.to_at) - extract(epoch from l.from_at), 0) end as gap_s,
       coalesce(l.source, e.source) as source, case when e.host is null then cast(null as bigint) else coalesce(l.line, 1) end as line
from fleet f
left join edges e on e.host = f.host
left join longest l on l.host = f.host
