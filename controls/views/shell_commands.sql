-- Accepted privileged commands of the period whose program opens a shell or can, with the way it does.
with named as (
  select c.host, c.source, c.line, c.command, concat(' ', c.command, ' ') as padded,
         -- `/usr/bin/python3.11 x`, `-bash`: the program without path, leading dash and version.
         rtrim(ltrim(split_part(split_part(c.command, ' ', 1), '/', -1), '-'), '0123456789.') as program
  from privileged_commands c
  cross join period p
  where c.outcome = 'accepted' and c.occurred_at >= p.starts_at and c.occurred_at < p.ends_at
)
select n.host, n.source, n.line, s.kind, s.program
from named n
join shell_programs s on s.program = n.program
where s.kind in ('shell', 'editor', 'pager', 'interpreter')
   or (s.program = 'find' and (n.command like '% -exec%' or n.command like '% -ok%'))
   or (s.program = 'tar' and (n.command like '%--checkpoint-action%' or n.command like '%--to-command%' or n.command like '%--use-compress-program%'))
   or (s.program = 'crontab' and n.command like '% -e%')
   or (s.kind = 'wrapper' and (n.padded like '% sh %' or n.padded like '%/sh %' or n.padded like '% bash %' or n.padded like '%/bash %'
     or n.padded like '% zsh %' or n.padded like '%/zsh %' or n.padded like '% dash %' or n.padded like '%/dash %'
     or n.padded like '% ksh %' or n.padded like '%/ksh %' or n.padded like '% su %' or n.padded like '%/su %'))
