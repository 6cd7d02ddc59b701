-- People who ran privileged commands on a stateful host, by an account that is theirs alone, and have no standing change on it.
select distinct m.host, m.actor, m.person
from work_candidates m
join fleet f on f.host = m.host and f.class = 'stateful'
left join (select distinct host, person from approved_work where standing) as s on s.host = m.host and s.person = m.person
where m.kind = 'command' and not m.shared and s.host is null
