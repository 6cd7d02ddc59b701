-- Hosts whose class changed: one row for each two snapshots of a kind that follow each other and disagree, the later one in
-- the period. The change lies between them. `launched_at` is given where the host was launched anew in between.
select c.host, c.format, c.from_class, c.class as to_class, c.until_at, c.observed_at as since_at,
       case when c.launched_at > c.until_at then c.launched_at end as launched_at,
       c.from_source, c.from_line, c.source, c.line
from (
  select s.host, s.format, s.class, s.observed_at, s.launched_at, s.source, s.line,
         lag(s.class) over (partition by s.host, s.format order by s.observed_at) as from_class,
         lag(s.observed_at) over (partition by s.host, s.format order by s.observed_at) as until_at,
         lag(s.source) over (partition by s.host, s.format order by s.observed_at) as from_source,
         lag(s.line) over (partition by s.host, s.format order by s.observed_at) as from_line
  from classes_seen s
) as c
where c.from_class <> c.class and c.observed_at >= cast($period_start as timestamp)
