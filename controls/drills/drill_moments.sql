-- Moments at which nothing may be done: a few a day on every host while it lives, more than two hours away from every window
-- of a change on it, standing ones left aside.
with days as (
  select a.day from log_activity a cross join period p where a.day >= p.starts_at and a.day < p.ends_at
  union
  select date_trunc('day', h.observed_at) as day from hosts h cross join period p where h.observed_at >= p.starts_at and h.observed_at < p.ends_at
),
moments as (
  select f.host, f.class, d.day, d.day + interval '3 hours 17 minutes' as planted_at, f.alive_from, f.alive_to from fleet f cross join days d
  union all
  select f.host, f.class, d.day, d.day + interval '11 hours 43 minutes' as planted_at, f.alive_from, f.alive_to from fleet f cross join days d
  union all
  select f.host, f.class, d.day, d.day + interval '20 hours 29 minutes' as planted_at, f.alive_from, f.alive_to from fleet f cross join days d
),
busy as (
  select distinct m.host, m.planted_at
  from moments m
  join approved_work a on a.host = m.host and not a.standing
    and a.starts_at < m.planted_at + interval '2 hours' and a.until_at > m.planted_at - interval '2 hours'
)
select m.host, m.class, m.day, m.planted_at
from moments m
left join busy b on b.host = m.host and b.planted_at = m.planted_at
where b.host is null and m.planted_at > m.alive_from and m.planted_at + interval '2 hours' < m.alive_to
