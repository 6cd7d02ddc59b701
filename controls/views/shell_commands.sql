-- Accepted privileged commands of the period whose program opens a shell or can, with the way it does.
with named as (
  select c.host, c.source, c.line, c.command,
         -- `/usr/bin/python3.11 x`, `-bash`: the program without path, leading dash and version.
         rtrim(ltrim(split_part(split_part(c.command, ' ', 1), '/', -1), '-'), '0123456789.') as program
  from privileged_commands c
  cross join period p
  where c.outcome = 'accepted' and c.occurred_at >= p.starts_at and c.occurred_at < p.ends_at
),
found as (
  select n.host, n.source, n.line, n.command, concat(' ', n.command, ' ') as padded, s.kind, s.program
  from named n
  join shell_programs s on s.program = n.program
)
select f.host, f.source, f.line, f.kind, f.program
from found f
where f.kind in ('shell', 'editor', 'pager', 'interpreter')
   or (f.program = 'find' and (f.command like '% -exec%' or f.command like '% -ok%'))
   or (f.program = 'tar' and (f.command like '%--checkpoint-action%' or f.command like '%--to-command%' or f.command like '%--use-compress-program%'))
   or (f.program = 'crontab' and f.command like '% -e%')
   or (f.kind = 'wrapper' and (f.padded like '% sh %' or f.padded like '%/sh %' or f.padded like '% bash %' or f.padded like '%/bash %'
     or f.padded like '% zsh %' or f.padded like '%/zsh %' or f.padded like '% dash %' or f.padded like '%/dash %'
     or f.padded like '% ksh %' or f.padded like '%/ksh %' or f.padded like '% su %' or f.padded like '%/su %'))
