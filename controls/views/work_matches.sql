-- inline
-- What explains each privileged command and login, and where nothing does, the nearest miss. `rule` says what matched,
-- `verdict` why nothing did; `reason` is the sentence, about columns of this view.
select m.kind, m.source, m.line, m.host, m.actor, m.item, m.occurred_at, m.opens, m.change_id,
       case when m.named is null then 'host, person and window' else 'named, and its host, person and window' end as rule,
       'explained' as verdict, m.change_id as nearest_change, cast(null as double) as distance_s, cast(null as varchar) as near_change,
       cast(null as double) as near_s, m.named as named_change, cast(null as varchar) as instead_change, cast(null as varchar) as tool,
       cast(null as timestamp) as run_at, cast(null as double) as run_s,
       case when m.named is null then concat('explained by ', m.change_id) else concat('explained by ', m.change_id, ', which it names') end as reason
from work_candidates m
where m.plain
union all
select kind, source, line, host, actor, item, occurred_at, opens, change_id, rule, verdict, nearest_change, distance_s, near_change,
       near_s, named_change, instead_change, tool, run_at, run_s, reason
from work_verdicts
