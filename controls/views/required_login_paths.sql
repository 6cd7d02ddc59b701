-- The ways to log in that a login surface must speak of.
select 'sshd' as login_path
union all select 'ssh_socket'
union all select 'getty'
union all select 'serial_getty'
union all select 'account'
union all select 'authorized_key'
union all select 'agent'
union all select 'debug_shell'
