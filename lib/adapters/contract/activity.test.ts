import { twinSession } from '@/e2e/harness/twin/sessions'
import { memoryFleet } from '@/lib/adapters/memory'
import type { InstanceAddress } from '@/lib/ports'
import { activityContract } from './activity-contract'

activityContract('in memory', async () => {
  const fleet = memoryFleet([{ environment: 'dev', name: 'demo', hosts: ['n1', 'n2'] }])
  const [primary, standby] = ['n1', 'n2'].map((host) => fleet.instance(`demo on ${host}`))
  let pid = 5000
  const begin = async (address: InstanceAddress, application: string) => {
    const instance = [primary!, standby!].find(({ inventory }) => inventory.id === address.instanceId)!
    pid += 1
    const session = twinSession(pid, { application, state: 'idle in transaction', statement: 'begin' })
    instance.sessions.push(session)
    return {
      pid,
      send: (sql: string) => {
        const holder = instance.sessions.find((one) => one !== session && one.statement === sql)
        const waits = holder && { state: 'active', waitType: 'Lock', wait: 'transactionid', blockedBy: [holder.pid] }
        Object.assign(session, { statement: sql, statementAt: `2026-03-01T12:00:02.${pid.toString().padStart(6, '0')}Z`, ...waits })
      },
      close: async () => {},
    }
  }
  return { ports: fleet, primary: primary!.inventory.address, standby: standby!.inventory.address, begin, stop: async () => {} }
})
