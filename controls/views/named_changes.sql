-- inline
-- Records that name a change number themselves, whether or not a change record has it.
select c.change_id, 'a privileged command names it' as trace, c.occurred_at, c.source, c.line from privileged_commands c where c.change_id is not null and c.outcome = 'accepted'
union all
select s.change_id, 'a login names it' as trace, s.occurred_at, s.source, s.line from sessions s where s.change_id is not null and s.outcome = 'accepted'
union all
select i.change_id, 'an image build names it' as trace, i.built_at as occurred_at, i.source, i.line from images i where i.change_id is not null
union all
select m.change_id, 'an alarm names it' as trace, m.occurred_at, m.source, m.line from alarms m where m.change_id is not null
union all
select k.change_id, 'an acknowledgement names it' as trace, k.acknowledged_at as occurred_at, k.source, k.line from alarm_acks k where k.change_id is not null
