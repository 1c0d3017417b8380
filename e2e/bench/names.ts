export const benches = {
  lists: 'list pages over 100,000 instances against Django admin',
  failover: '50 DR pairs in one run, with faults in 5 %, against the same actions by scripts over ssh',
  switchover: '50 planned switchovers under 16 writers, against Patroni behind HAProxy and with PgBouncer paused around it',
  patroni: '20 zero-gap switchovers of a Patroni herd under 16 writers, against Patroni behind HAProxy and with PgBouncer paused around it',
  build: 'a cluster of three on bare hosts, and again with nothing to change, against an Ansible playbook of the same end state',
  rebuild: 'a diverged standby of 2 GB made to stream again, against pg_rewind, pg_basebackup and rsync alone',
  eviction: 'spot machines of a primary taken by AWS under writers, through a standby, against a poll and a host that boots on the volume',
  resize: 'a standby made another type while readers use its DNS name, against a script that stops, modifies, starts and waits',
  fanout: 'reload of 50 instances on 50 hosts against Ansible, parallel-ssh and clush',
  fleet:
    'age of facts, alarms, front page and cost to the metadata database with 1,000 hosts and 10,000 instances, one worker against four',
  samples: 'a day of samples of 10,000 instances: written, packed and read for a chart, against one plain row a sample',
  observing: 'what looking at it costs an idle server, against prometheus-postgres-exporter asked as often',
  rules: '1,000 sizing rules due in the same minute: seconds until all are decided, against a Django process a rule',
  ingest: 'agent reports a second against one connection and call per instance, and against pgbench',
  start: 'seconds from npm start in a fresh clone to the first page with live facts',
} as const

export const isBenchName = (name: string): name is keyof typeof benches => Object.hasOwn(benches, name)
