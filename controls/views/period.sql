-- The audit period: one row, half-open.
select cast($period_start as timestamp) as starts_at, cast($period_end as timestamp) as ends_at
