import { makeMachines } from '@/lib/adapters/aws'
import { makeCloud } from '@/lib/adapters/aws/cloud'
import { makeLaunches } from '@/lib/adapters/aws/launches'
import { makeRds } from '@/lib/adapters/aws/rds'
import { launchPolicy, leastPolicy } from '@/lib/domain/machines/access'
import { startCloud } from '@/lib/playground/cloud'
import { readPolicy } from '@/lib/playground/cloud/policy'
import { launchesContract } from './launches-contract'

launchesContract('launches on the API of EC2', async () => {
  let skewMs = 0
  const aws = await startCloud({
    now: () => Date.now() + skewMs,
    settleMs: 60_000,
    consistencyMs: 0,
    limits: { read: { burst: 500, perSecond: 100 }, change: { burst: 500, perSecond: 100 } },
  })
  // The least that may do it: what it lacks would be refused.
  const user = aws.cloud.identities.addUser('launcher')
  user.policy = [
    ...readPolicy(leastPolicy({ awsAccount: null, regions: ['us-east-1'], machineTags: [], looksForRds: false })),
    ...readPolicy(launchPolicy(['us-east-1'])),
  ]
  const account = { id: 'account', name: 'shop', endpoint: aws.endpoint, credentials: user, role: null }
  const [machines, rds, launches] = [makeMachines(), makeRds(), makeLaunches()]
  const cloud = makeCloud(machines, rds, launches, async () => account)
  return {
    ports: { read: { cloud: cloud.read }, act: { cloud: cloud.act } },
    place: { accountId: 'account', region: 'us-east-1' },
    settle: async () => {
      skewMs += 60_000
    },
    exhaust: (type, zone) => void aws.cloud.state.exhausted.add(`${type} ${zone}`),
    stop: async () => {
      machines.close()
      rds.close()
      launches.close()
      await aws.stop()
    },
  }
})
