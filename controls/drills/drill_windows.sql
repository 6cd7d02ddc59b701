-- Windows of properly approved changes on stateful hosts, with an account that their person uses, of no more than a day.
select w.change_id, w.host, w.person, w.starts_at, w.ends_at, u.actor, f.alive_from, f.alive_to
from approved_work w
join fleet f on f.host = w.host and f.class = 'stateful'
join (select person, min(actor) as actor from drill_people group by person) as u on u.person = w.person
where w.approved and w.independent = 'yes' and not w.standing and w.starts_at > f.alive_from and w.ends_at + interval '2 hours' < f.alive_to
  and w.ends_at < w.starts_at + interval '1 day'
