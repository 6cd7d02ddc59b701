-- Accepted commands, as they are written, that open a shell or can; `opens` is the way they do. The same few are run again and
-- again, so each is looked at once, whenever it was run.
with commands as (
  select distinct c.command
  from privileged_commands c
  where c.outcome = 'accepted'
),
named as (
  -- `/usr/bin/python3.11 x`, `-bash`: the program without path, leading dash and version.
  select c.command, rtrim(ltrim(split_part(split_part(c.command, ' ', 1), '/', -1), '-'), '0123456789.') as program
  from commands c
),
found as (
  select n.command, concat(' ', n.command, ' ') as padded, s.kind, s.program
  from named n
  join shell_programs s on s.program = n.program
)
-- One row a command, whatever a list of one's own says twice.
select f.command, min(f.kind) as opens
from found f
where f.kind in ('shell', 'editor', 'pager', 'interpreter')
   or (f.program = 'find' and (f.command like '% -exec%' or f.command like '% -ok%'))
   or (f.program = 'tar' and (f.command like '%--checkpoint-action%' or f.command like '%--to-command%' or f.command like '%--use-compress-program%'))
   or (f.program = 'crontab' and f.command like '% -e%')
   or (f.kind = 'wrapper' and (f.padded like '% sh %' or f.padded like '%/sh %' or f.padded like '% bash %' or f.padded like '%/bash %'
     or f.padded like '% zsh %' or f.padded like '%/zsh %' or f.padded like '% dash %' or f.padded like '%/dash %'
     or f.padded like '% ksh %' or f.padded like '%/ksh %' or f.padded like '% su %' or f.padded like '%/su %'))
group by f.command
