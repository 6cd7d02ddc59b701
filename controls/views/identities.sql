-- One row an alias. An alias that several people share names nobody for certain.
select alias, min(person) as person, case when count(distinct person) > 1 then true else false end as shared
from people
group by alias
