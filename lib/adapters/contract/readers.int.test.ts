import { startPair } from '@/e2e/harness/daemons/pair'
import { readersContract } from './readers-contract'

readersContract('over SSH', async () => {
  const { postgres, primary, standby, stop } = await startPair()
  return {
    ports: {
      read: { readers: postgres.readers.read, postgres: postgres.read },
      act: { readers: postgres.readers.act, postgres: postgres.act },
    },
    primary: primary.instance(),
    standby: standby.instance(),
    stop,
  }
})
