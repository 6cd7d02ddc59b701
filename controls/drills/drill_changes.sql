-- Changes of the period that were asked for, approved by somebody else beforehand, and carried out inside their window: what
-- a copy with one fault is made from.
select a.change_id, a.source as from_source, a.line as from_line, a.approver, c.planned_start, c.planned_end, c.work_start, c.work_end
from approved_changes a
join changes c on c.change_id = a.change_id and c.source = a.source and c.line = a.line
cross join period p
where a.approved and a.independent = 'yes' and a.approved_at <= c.work_start and a.kind = 'normal' and a.state = 'done' and not a.standing
  and a.approver is not null and c.work_start >= c.planned_start and c.work_end <= c.planned_end and c.work_end >= c.work_start
  and c.planned_start >= p.starts_at and c.planned_end < p.ends_at
