-- For the few commands that no proper change explains: the nearest miss of those without any change, and `near_change`, the
-- person's own, properly approved change on the host that comes nearest to the window, at `near_s`, for controls that grant
-- a grace. Rank: 1 another person's change, 2 outside the window, 3 the person's change of another host, 4 any on the host.
with unexplained as (
  select distinct source, line, host, person, occurred_at from command_matches where rank is null or rank > '2'
),
misses as (
  select source, line, host, person, occurred_at from command_matches where rank is null
),
near as (
  select source, line, change_id as near_change, near_s from (
    select u.source, u.line, a.change_id,
           case when u.occurred_at < a.starts_at then extract(epoch from a.starts_at) - extract(epoch from u.occurred_at)
                else extract(epoch from u.occurred_at) - extract(epoch from a.ends_at) end as near_s,
           row_number() over (partition by u.source, u.line order by
             case when u.occurred_at < a.starts_at then extract(epoch from a.starts_at) - extract(epoch from u.occurred_at)
                  else extract(epoch from u.occurred_at) - extract(epoch from a.ends_at) end, a.change_id) as place
    from unexplained u
    join approved_work a on a.host = u.host and a.person = u.person
    where a.approved and a.independent = 'yes' and (a.approved_at is null or a.approved_at <= u.occurred_at or a.kind = 'emergency')
      and (u.occurred_at < a.starts_at or u.occurred_at >= a.until_at)
  ) as ranked
  where place = 1
),
candidates as (
  select m.source, m.line, a.change_id, 1 as rank, 0.0 as distance_s
  from misses m
  join approved_work a on a.host = m.host and m.occurred_at >= a.starts_at and m.occurred_at < a.until_at
  where coalesce(a.person, '') <> m.person and not a.standing
  union all
  select m.source, m.line, a.change_id, 2 as rank,
         case when m.occurred_at < a.starts_at then extract(epoch from m.occurred_at) - extract(epoch from a.starts_at)
              else extract(epoch from m.occurred_at) - extract(epoch from a.ends_at) end as distance_s
  from misses m
  join approved_work a on a.host = m.host and a.person = m.person
  union all
  select m.source, m.line, a.change_id, 3 as rank, 0.0 as distance_s
  from misses m
  join approved_work a on a.person = m.person and m.occurred_at >= a.starts_at and m.occurred_at < a.until_at
  where a.host <> m.host
  union all
  select m.source, m.line, a.change_id, 4 as rank,
         case when m.occurred_at < a.starts_at then extract(epoch from m.occurred_at) - extract(epoch from a.starts_at)
              else extract(epoch from m.occurred_at) - extract(epoch from a.ends_at) end as distance_s
  from misses m
  join approved_work a on a.host = m.host
  where coalesce(a.person, '') <> m.person and not a.standing
),
nearest as (
  select source, line, change_id, rank, distance_s from (
    select source, line, change_id, rank, distance_s,
           row_number() over (partition by source, line order by rank, abs(distance_s), change_id) as place
    from candidates
  ) as ranked
  where place = 1
)
select u.source, u.line, n.change_id, n.rank, n.distance_s, r.near_change, r.near_s
from (select distinct source, line from unexplained) u
left join nearest n on n.source = u.source and n.line = u.line
left join near r on r.source = u.source and r.line = u.line
