-- One row a host, kind of inventory and moment until the end of the period: the class that the snapshots of that moment give
-- it, by the rules of `fleet` (both: the stricter). Kinds stand apart, because a list of nodes and a list of machines may
-- speak of different things. Snapshots without a time, and those that give neither class nor role, are left out.
with votes as (
  select r.source, r.line, r.host,
         max(case when c.class = 'stateful' then 1 else 0 end) as holds_state,
         max(case when c.class = 'immutable' then 1 else 0 end) as holds_none
  from host_roles r
  left join class_rules c on r.role = c.role or (c.is_prefix and starts_with(r.role, c.role))
  group by r.source, r.line, r.host
),
told as (
  select h.host, coalesce(s.format, '') as format, h.observed_at, h.launched_at, h.source, h.line,
         case when v.holds_state = 1 or h.class = 'stateful' then 3
              when v.holds_none = 1 or h.class = 'immutable' then 2
              when v.host is not null then 1 end as strictness
  from hosts h
  left join sources s on s.path = h.source
  left join votes v on v.source = h.source and v.line = h.line and v.host = h.host
  where h.observed_at < cast($period_end as timestamp)
)
select host, format, observed_at, case strictness when 3 then 'stateful' when 2 then 'immutable' else 'unclassified' end as class,
       launched_at, source, line
from (
  select t.host, t.format, t.observed_at, t.strictness, t.launched_at, t.source, t.line,
         row_number() over (partition by t.host, t.format, t.observed_at order by t.strictness desc, t.source, t.line) as place
  from told t
  where t.strictness is not null
) as ranked
where place = 1
