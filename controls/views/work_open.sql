-- The work that needs more than one look: no change holds it, or several, or not a proper one, or the account is shared or
-- declared for automation.
select kind, source, line, host, actor, person, shared, automation, item, occurred_at, named, opens, change_id, contested, rank
from work_candidates
where not plain
