import { testFleet } from '@/e2e/harness/lab'
import { openLabHerd } from '@/e2e/harness/matrix/herd'
import { replicationContract } from './replication-contract'

replicationContract('over SSH on Debian hosts', async () => {
  const herd = await openLabHerd(testFleet({ shop: 'a > b, c' }), 'shop')
  const [primary, standby, third] = ['a', 'b', 'c'].map((host) => herd.instance(host).address)
  return {
    ports: herd.ports,
    primary: primary!,
    standby: standby!,
    third: third!,
    write: async ({ host }) => {
      await herd.lab.hosts.exec(host.hostname, ['psql', '-Xqc', 'create table written as select generate_series(1, 1000) as n'])
    },
    cutOff: async ({ host }) => {
      await herd.lab.powerOff(host.hostname)
      return () => herd.lab.powerOn(host.hostname)
    },
    freeze: async (standby, upstream) => {
      const { hosts } = herd.lab
      const flood = "select count(pg_logical_emit_message(false, 'contract', repeat('x', 1000000))) from generate_series(1, 30)"
      hosts.signal(standby.host.hostname, 'SIGSTOP', 'walreceiver')
      await hosts.exec(upstream.host.hostname, ['psql', '-Xqc', flood])
      return async () => void hosts.signal(standby.host.hostname, 'SIGCONT', 'walreceiver')
    },
    stop: () => herd.close(),
  }
})
