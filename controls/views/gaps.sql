-- Silences longer than a control allows in a stream that it needs, on each host that it applies to. A host without a record
-- of the stream is silent for as long as it lived.
with needed as (
  select n.control_id, n.stream, cast(n.max_gap_s as bigint) as max_gap_s, f.host, f.alive_from, f.alive_to
  from coverage_needs n
  join fleet f on n.class = 'all' or n.class = f.class
)
select n.control_id, n.host, n.stream, s.from_at, s.to_at, s.gap_s, n.max_gap_s
from needed n
join silences s on s.host = n.host and s.stream = n.stream
where s.gap_s > n.max_gap_s
union all
select n.control_id, n.host, n.stream, n.alive_from as from_at, n.alive_to as to_at,
       extract(epoch from n.alive_to) - extract(epoch from n.alive_from) as gap_s, n.max_gap_s
from needed n
left join heard h on h.host = n.host and h.stream = n.stream
where h.host is null and extract(epoch from n.alive_to) - extract(epoch from n.alive_from) > n.max_gap_s
