-- For the few pieces of work that no proper change explains: what automation says of them, the nearest miss of those without
-- any change, and `near_change`, the person's own, properly approved change on the host that comes nearest to the window, at
-- `near_s`, for controls that grant a grace. Rank: 0 a change assigned to a name that the person shares, 1 another person's
-- change, 2 outside the window, 3 the person's change of another host, 4 any on the host, 5 a number that no record knows.
-- What names a change misses that one, and `instead_change` is the one that would have explained it.
with misses as (
  select kind, source, line, host, person, occurred_at from work_unexplained where missed and named is null
),
proper as (
  select change_id, host, person, kind as change_kind, starts_at, ends_at, until_at, approved_at
  from approved_work
  where approved and independent = 'yes'
),
near as (
  select kind, source, line, change_id as near_change, near_s from (
    select u.kind, u.source, u.line, a.change_id,
           case when u.occurred_at < a.starts_at then extract(epoch from a.starts_at) - extract(epoch from u.occurred_at)
                else extract(epoch from u.occurred_at) - extract(epoch from a.ends_at) end as near_s,
           row_number() over (partition by u.kind, u.source, u.line order by
             case when u.occurred_at < a.starts_at then extract(epoch from a.starts_at) - extract(epoch from u.occurred_at)
                  else extract(epoch from u.occurred_at) - extract(epoch from a.ends_at) end, a.change_id) as place
    from work_unexplained u
    join proper a on a.host = u.host and a.person = u.person and (u.named is null or u.named = a.change_id)
    where (a.approved_at is null or a.approved_at <= u.occurred_at or a.change_kind = 'emergency')
      and (u.occurred_at < a.starts_at or u.occurred_at >= a.until_at)
  ) as ranked
  where place = 1
),
instead as (
  select u.kind, u.source, u.line, min(a.change_id) as instead_change
  from work_unexplained u
  join proper a on a.host = u.host and a.person = u.person and a.change_id <> u.named
  where u.named is not null and u.occurred_at >= a.starts_at and u.occurred_at < a.until_at
    and (a.approved_at is null or a.approved_at <= u.occurred_at or a.change_kind = 'emergency')
  group by u.kind, u.source, u.line
),
sharers as (
  select alias, person from people
  union
  select person as alias, person from people
),
candidates as (
  select m.kind, m.source, m.line, a.change_id, 0 as rank, 0.0 as distance_s
  from misses m
  join approved_work a on a.host = m.host and m.occurred_at >= a.starts_at and m.occurred_at < a.until_at
  join sharers s on s.alias = a.shared_assignee and s.person = m.person
  where a.approved and a.independent <> 'no' and (a.approved_at is null or a.approved_at <= m.occurred_at or a.kind = 'emergency')
  union all
  select m.kind, m.source, m.line, a.change_id, 1 as rank, 0.0 as distance_s
  from misses m
  join approved_work a on a.host = m.host and m.occurred_at >= a.starts_at and m.occurred_at < a.until_at
  where coalesce(a.person, '') <> m.person and not a.standing
  union all
  select m.kind, m.source, m.line, a.change_id, 2 as rank,
         case when m.occurred_at < a.starts_at then extract(epoch from m.occurred_at) - extract(epoch from a.starts_at)
              else extract(epoch from m.occurred_at) - extract(epoch from a.ends_at) end as distance_s
  from misses m
  join approved_work a on a.host = m.host and a.person = m.person
  union all
  select m.kind, m.source, m.line, a.change_id, 3 as rank, 0.0 as distance_s
  from misses m
  join approved_work a on a.person = m.person and m.occurred_at >= a.starts_at and m.occurred_at < a.until_at
  where a.host <> m.host
  union all
  -- Most logins belong to no change at all: looking for the nearest on the host is for commands.
  select m.kind, m.source, m.line, a.change_id, 4 as rank,
         case when m.occurred_at < a.starts_at then extract(epoch from m.occurred_at) - extract(epoch from a.starts_at)
              else extract(epoch from m.occurred_at) - extract(epoch from a.ends_at) end as distance_s
  from misses m
  join approved_work a on a.host = m.host
  where m.kind = 'command' and coalesce(a.person, '') <> m.person and not a.standing
  union all
  select u.kind, u.source, u.line, u.named as change_id,
         case when c.change_id is null then 5
              when s.person is not null and c.approved and c.independent <> 'no' and (c.approved_at is null or c.approved_at <= u.occurred_at or c.kind = 'emergency')
                and u.occurred_at >= a.starts_at and u.occurred_at < a.until_at then 0
              when coalesce(c.assignee, '') <> u.person and s.person is null then 1
              when a.change_id is null and c.starts_at is not null and c.ends_at is not null then 3
              else 2 end as rank,
         case when u.occurred_at < a.starts_at then extract(epoch from u.occurred_at) - extract(epoch from a.starts_at)
              else extract(epoch from u.occurred_at) - extract(epoch from a.ends_at) end as distance_s
  from work_unexplained u
  left join approved_changes c on c.change_id = u.named
  left join approved_work a on a.change_id = u.named and a.host = u.host
  left join sharers s on s.alias = c.shared_assignee and s.person = u.person
  where u.missed and u.named is not null
),
nearest as (
  select kind, source, line, change_id, rank, distance_s from (
    select kind, source, line, change_id, rank, distance_s,
           row_number() over (partition by kind, source, line order by rank, abs(distance_s), change_id) as place
    from candidates
  ) as ranked
  where place = 1
)
select u.kind, u.source, u.line, n.change_id, n.rank, n.distance_s, r.near_change, r.near_s, i.instead_change,
       t.tool, coalesce(t.borrowed, false) as borrowed, coalesce(t.traced, false) as traced, t.run_at, t.run_s
from (select kind, source, line from work_unexplained union select kind, source, line from automation_traces) u
left join nearest n on n.kind = u.kind and n.source = u.source and n.line = u.line
left join near r on r.kind = u.kind and r.source = u.source and r.line = u.line
left join instead i on i.kind = u.kind and i.source = u.source and i.line = u.line
left join automation_traces t on t.kind = u.kind and t.source = u.source and t.line = u.line
