-- One row a host and stream that has a record in the period, with the first of them: what tells a quiet host from one that
-- nobody listened to.
select host, stream, source, line, records from (
  select a.host, a.stream, a.source, a.line,
         sum(a.records) over (partition by a.host, a.stream) as records,
         row_number() over (partition by a.host, a.stream order by a.first_at, a.source, a.line) as place
  from log_activity a
  where a.last_at >= cast($period_start as timestamp) and a.first_at < cast($period_end as timestamp)
) as ranked
where place = 1
