import { startLab, testFleet } from '@/e2e/harness/lab'
import { labAddresses } from '@/e2e/harness/lab-addresses'
import { makePostgres } from '@/lib/adapters/postgres'
import { openSsh } from '@/lib/adapters/ssh'
import { makeSshKey } from '@/lib/adapters/vault'
import type { InstanceAddress } from '@/lib/ports'
import { postgresContract } from './postgres-contract'

const makeFleet = async (profile: InstanceAddress['profile']) => {
  const { lab, close } = await startLab(testFleet({ shop: 'a > b' }))
  const key = makeSshKey('contract')
  lab.authorize(key.publicKey)
  const addresses = await labAddresses(lab)
  const ssh = openSsh({ keyFor: async () => key.privateKey, keepaliveIntervalMs: 1000, backOffMs: 100, backOffMaxMs: 500 })
  const postgres = makePostgres(ssh)
  const conf = `/etc/postgresql/${lab.fleet.postgresMajor}/shop/conf.d`
  const onHost = async ({ host }: InstanceAddress, script: string, ...values: string[]) => {
    const result = await ssh.exec(host, ['sh', '-ec', script, 'sh', conf, ...values], { timeoutMs: 30_000 })
    if (result.exitCode !== 0) throw new Error(result.stderr)
  }
  return {
    ports: { read: { postgres: postgres.read }, act: { postgres: postgres.act } },
    primary: { ...addresses.instance('shop', 'a'), profile },
    standby: { ...addresses.instance('shop', 'b'), profile },
    configure: (instance: InstanceAddress, name: string, value: string | null) =>
      value === null
        ? onHost(instance, 'rm -f "$1/zz-$2.conf"', name)
        : onHost(instance, `mkdir -p "$1"; printf "%s = '%s'\\n" "$2" "$3" >"$1/zz-$2.conf"`, name, value),
    breakFiles: async (instance: InstanceAddress) => {
      await onHost(instance, 'mkdir -p "$1"; echo "this is = no setting" >"$1/zz-broken.conf"')
      return () => onHost(instance, 'rm "$1/zz-broken.conf"')
    },
    cutOff: async ({ host }: InstanceAddress) => {
      await lab.powerOff(host.hostname)
      return () => lab.powerOn(host.hostname)
    },
    stop: async () => {
      postgres.close()
      await ssh.close()
      await addresses.close()
      await close()
    },
  }
}

postgresContract('over SSH on a Debian host', () => makeFleet('debian'))

/** systemctl is the lab's stand-in; everything else is as on a host with systemd. */
postgresContract('over SSH through systemd units', () => makeFleet('debian-systemd'))
