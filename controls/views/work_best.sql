-- Where several changes of the same person hold a piece of work, the one that explains it best. Changes that overlap are few.
-- One record may tell of several pieces of work, so all that tells them apart is named.
select m.kind, m.source, m.line, m.host, m.item, m.occurred_at, coalesce(m.actor, '') as actor, coalesce(m.named, '') as named,
       substr(min(concat(m.rank, m.change_id)), 2) as change_id
from work_open m
where m.contested
group by m.kind, m.source, m.line, m.host, m.item, m.occurred_at, coalesce(m.actor, ''), coalesce(m.named, '')
