-- The few pieces of work that no proper change and no run explains. `missed`: no change of the person holds them at all.
select distinct c.kind, c.source, c.line, c.host, c.person, c.occurred_at, c.named, case when c.rank is null and t.kind is null then true else false end as missed
from work_open c
left join automation_traces t on t.kind = c.kind and t.source = c.source and t.line = c.line
where (c.rank is null or c.rank > '2') and not coalesce(t.traced, false) and not coalesce(t.borrowed, false)
