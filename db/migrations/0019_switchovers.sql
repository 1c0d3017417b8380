-- A switchover leaves the same report as a planned failover: its steps have the same names.
drop trigger jobs_keep_failover on jobs;
--> statement-breakpoint
create trigger jobs_keep_failover after update on jobs for each row
  when (new.operation in ('failover', 'switchover') and (new.state, new.step) is distinct from (old.state, old.step))
  execute function keep_failover();
