-- One row a change that is recorded as carried out and began in the period, with the widest span that its record gives: the
-- planned window and the times of work together.
select a.change_id, a.title, a.source, a.line,
       least(coalesce(a.starts_at, a.work_start), coalesce(a.work_start, a.starts_at)) as from_at,
       greatest(coalesce(a.ends_at, a.work_end), coalesce(a.work_end, a.ends_at)) as to_at
from approved_changes a
where (a.state = 'done' or (a.work_end is not null and coalesce(a.state, '') not in ('draft', 'rejected', 'cancelled')))
  and coalesce(a.starts_at, a.work_start, a.closed_at) >= cast($period_start as timestamp) and coalesce(a.starts_at, a.work_start, a.closed_at) < cast($period_end as timestamp)
