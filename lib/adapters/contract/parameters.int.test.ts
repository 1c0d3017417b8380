import { startPair } from '@/e2e/harness/daemons/pair'
import { parametersContract } from './parameters-contract'

parametersContract('over SSH', async () => {
  const { postgres, primary, standby, stop } = await startPair()
  return {
    ports: {
      read: { serverSettings: postgres.serverSettings.read, postgres: postgres.read },
      act: { serverSettings: postgres.serverSettings.act, postgres: postgres.act },
    },
    primary: primary.instance(),
    standby: standby.instance(),
    stop,
  }
})
