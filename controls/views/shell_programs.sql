-- inline
-- Programs that open a shell, or can, by name without path and version. `kind` says how; a runner does so only where its
-- arguments say so, and a wrapper only where they name a shell.
select program, kind from (values
  ('bash', 'shell'), ('sh', 'shell'), ('zsh', 'shell'), ('ksh', 'shell'), ('mksh', 'shell'), ('dash', 'shell'), ('ash', 'shell'),
  ('fish', 'shell'), ('csh', 'shell'), ('tcsh', 'shell'), ('rbash', 'shell'), ('su', 'shell'), ('login', 'shell'), ('runuser', 'shell'),
  ('sudo', 'shell'), ('doas', 'shell'), ('pkexec', 'shell'), ('chroot', 'shell'), ('nsenter', 'shell'), ('unshare', 'shell'),
  ('screen', 'shell'), ('tmux', 'shell'), ('script', 'shell'), ('pwsh', 'shell'),
  ('vi', 'editor'), ('vim', 'editor'), ('vim.basic', 'editor'), ('vim.tiny', 'editor'), ('vim.nox', 'editor'), ('vim.gtk', 'editor'),
  ('view', 'editor'), ('vimdiff', 'editor'), ('nvim', 'editor'), ('ex', 'editor'), ('ed', 'editor'), ('nano', 'editor'), ('pico', 'editor'),
  ('emacs', 'editor'), ('joe', 'editor'), ('mc', 'editor'), ('mcedit', 'editor'), ('visudo', 'editor'), ('vipw', 'editor'), ('vigr', 'editor'),
  ('less', 'pager'), ('more', 'pager'), ('most', 'pager'), ('pg', 'pager'), ('man', 'pager'), ('info', 'pager'),
  ('awk', 'interpreter'), ('gawk', 'interpreter'), ('mawk', 'interpreter'), ('nawk', 'interpreter'), ('python', 'interpreter'),
  ('ipython', 'interpreter'), ('pypy', 'interpreter'), ('perl', 'interpreter'), ('ruby', 'interpreter'), ('irb', 'interpreter'),
  ('lua', 'interpreter'), ('luajit', 'interpreter'), ('node', 'interpreter'), ('php', 'interpreter'), ('tclsh', 'interpreter'),
  ('expect', 'interpreter'), ('gdb', 'interpreter'), ('socat', 'interpreter'),
  ('find', 'runner'), ('tar', 'runner'), ('crontab', 'runner'),
  ('env', 'wrapper'), ('nice', 'wrapper'), ('ionice', 'wrapper'), ('nohup', 'wrapper'), ('timeout', 'wrapper'), ('time', 'wrapper'),
  ('setsid', 'wrapper'), ('stdbuf', 'wrapper'), ('taskset', 'wrapper'), ('chrt', 'wrapper'), ('xargs', 'wrapper'), ('watch', 'wrapper'),
  ('flock', 'wrapper'), ('strace', 'wrapper'), ('ltrace', 'wrapper'), ('rlwrap', 'wrapper'), ('busybox', 'wrapper'), ('systemd-run', 'wrapper'),
  ('machinectl', 'wrapper'), ('docker', 'wrapper'), ('podman', 'wrapper'), ('nerdctl', 'wrapper'), ('crictl', 'wrapper'), ('ctr', 'wrapper'),
  ('kubectl', 'wrapper'), ('lxc', 'wrapper'), ('ssh', 'wrapper')
) as listed (program, kind)
