-- One person an alias. An alias that two people claim belongs to the first by name; EVIDENCE controls name such aliases.
select alias, min(person) as person from people group by alias
