-- One row an alias; the name of a person is one of their aliases. An alias that several people share names nobody for
-- certain. Accounts that the configuration declares for automation are marked.
with claims as (
  select alias, person from people
  union
  select person as alias, person from people
),
named as (
  select alias, min(person) as person, case when count(distinct person) > 1 then true else false end as shared
  from claims
  group by alias
),
declared as (
  select distinct account from automation_rules
)
select coalesce(n.alias, d.account) as alias, coalesce(n.person, d.account) as person, coalesce(n.shared, false) as shared,
       case when d.account is null then false else true end as automation
from named n
full join declared d on d.account = n.alias
