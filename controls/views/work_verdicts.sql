-- The verdict on the work that needs more than one look, and where nothing explains it, the nearest miss.
with judged as (
  select m.kind, m.source, m.line, m.host, m.actor, m.person, m.shared, m.item, m.occurred_at, m.named, m.opens, m.change_id, m.rank
  from work_open m
  left join work_best b on b.kind = m.kind and b.source = m.source and b.line = m.line and b.host = m.host and b.item = m.item
    and b.occurred_at = m.occurred_at and b.actor = coalesce(m.actor, '') and b.named = coalesce(m.named, '')
  where not m.contested or m.change_id = b.change_id
),
decided as (
  select j.kind, j.source, j.line, j.host, j.actor, j.item, j.occurred_at, j.shared, j.named as named_change, j.opens, j.rank,
         -- What most rows are comes first in each of these: the rest is then looked at for few.
         case when j.rank = '1' and not j.shared and n.kind is null then 'explained'
              when n.borrowed then 'borrowed_account'
              when j.rank in ('1', '2') and not j.shared then 'explained'
              when n.traced then 'explained'
              when j.shared then 'ambiguous'
              when j.rank = '3' then 'approver_unknown'
              when j.rank = '4' then 'approved_late'
              when j.rank = '5' then 'self_approved'
              when j.rank = '6' then 'unapproved'
              when n.tool is not null then 'no_run'
              when n.rank = 0 then 'ambiguous'
              when n.rank = 1 then 'wrong_person'
              when n.rank = 2 then 'outside_window'
              when n.rank = 3 then 'wrong_host'
              when n.rank = 5 then 'unknown_change'
              else 'no_change' end as verdict,
         case when n.traced and (j.rank is null or j.rank > '2' or j.shared) then cast(null as varchar) else j.change_id end as change_id,
         coalesce(j.change_id, n.change_id) as nearest_change, n.distance_s, n.near_change, n.near_s, n.instead_change,
         n.tool, n.run_at, n.run_s
  from judged j
  left join work_misses n on n.kind = j.kind and n.source = j.source and n.line = j.line
)
select d.kind, d.source, d.line, d.host, d.actor, d.item, d.occurred_at, d.opens, d.change_id,
       case when d.rank = '1' and d.verdict = 'explained' and d.named_change is null and d.change_id is not null then 'host, person and window'
            when d.verdict <> 'explained' then cast(null as varchar)
            when d.change_id is null then 'declared automation, traced to its run'
            when d.named_change is not null and d.rank = '1' then 'named, and its host, person and window'
            when d.named_change is not null then 'named, and its host, person and window; an emergency change, approved afterwards'
            else 'host, person and window of an emergency change, approved afterwards' end as rule,
       d.verdict, d.nearest_change, d.distance_s, d.near_change, d.near_s, d.named_change, d.instead_change, d.tool, d.run_at, d.run_s,
       case when d.verdict = 'explained' and d.change_id is not null and d.named_change is null then concat('explained by ', d.change_id)
            when d.verdict = 'explained' and d.change_id is null then concat('traced to the ', d.tool, ' run of {run_at}')
            when d.verdict = 'explained' then concat('explained by ', d.change_id, ', which it names')
            when d.verdict = 'borrowed_account' then 'a terminal was open, so somebody worked as the automation account {actor}, and nothing says who'
            when d.verdict = 'no_run' and d.run_s is null then concat('a declared automation account, but no ', d.tool, ' run on the host is among the evidence')
            when d.verdict = 'no_run' and d.run_s < 0 then concat('a declared automation account outside its runs: the nearest ', d.tool, ' run began {run_s} later')
            when d.verdict = 'no_run' then concat('a declared automation account outside its runs: the nearest ', d.tool, ' run had ended {run_s} before')
            when d.verdict = 'ambiguous' and d.shared then 'several people share the account'
            when d.verdict = 'ambiguous' then '{nearest_change} covers it, and is assigned to a name that several people share'
            else concat(
              case when d.named_change is not null then 'it names {nearest_change}, which ' else '' end,
              case when d.named_change is null and d.verdict in ('approver_unknown', 'unapproved', 'approved_late', 'self_approved', 'wrong_person') then '{nearest_change} ' else '' end,
              case when d.verdict = 'approver_unknown' then 'covers it and is approved, but the records do not show that somebody else approved it'
                   when d.verdict = 'unapproved' then 'covers it, but was not approved'
                   when d.verdict = 'approved_late' then 'covers it, but was approved afterwards'
                   when d.verdict = 'self_approved' then 'covers it, but nobody other than its requester or assignee approved it'
                   when d.verdict = 'unknown_change' then 'no change record has'
                   when d.verdict = 'wrong_person' and d.named_change is not null then 'is assigned to somebody else'
                   when d.verdict = 'wrong_person' then 'covers the host at that time, but is assigned to somebody else'
                   when d.verdict = 'wrong_host' and d.named_change is not null then 'does not cover the host'
                   when d.verdict = 'wrong_host' then 'the person''s change at that time, {nearest_change}, does not cover the host'
                   when d.verdict = 'outside_window' and d.distance_s is null then 'has no window'
                   when d.verdict = 'outside_window' and d.named_change is not null and d.distance_s < 0 then 'opened its window {distance_s} later'
                   when d.verdict = 'outside_window' and d.named_change is not null then 'had closed its window {distance_s} before'
                   when d.verdict = 'outside_window' and d.distance_s < 0 then 'the window of {nearest_change} opened {distance_s} later'
                   when d.verdict = 'outside_window' then 'the window of {nearest_change} had closed {distance_s} before'
                   when d.nearest_change is null then 'no change covers it, and none names the host'
                   when d.distance_s < 0 then 'no change covers it; the nearest on the host, {nearest_change}, opened {distance_s} later'
                   else 'no change covers it; the nearest on the host, {nearest_change}, had closed {distance_s} before' end,
              case when d.instead_change is not null then concat('; ', d.instead_change, ' would cover it') else '' end) end as reason
from decided d
order by d.source, d.line
