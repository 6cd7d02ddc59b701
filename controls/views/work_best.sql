-- Where several changes of the same person hold a piece of work, the one that explains it best. Changes that overlap are few.
select m.kind, m.source, m.line, m.item, coalesce(m.actor, '') as actor, substr(min(concat(m.rank, m.change_id)), 2) as change_id
from work_candidates m
where m.overlaps
group by m.kind, m.source, m.line, m.item, coalesce(m.actor, '')
