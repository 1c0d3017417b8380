import type { Ssh } from '@/lib/adapters/ssh'
import type { Lab } from '@/lib/playground/lab/lab'

/** SSH for a test outside the lab's network that names hosts by their own addresses, as inside: a relay forwards to each sshd. */
export const sshIntoLab = async (lab: Lab, ssh: Ssh): Promise<{ ssh: Ssh; close: () => Promise<void> }> => {
  const relays = new Map(
    await Promise.all(
      lab.fleet.hosts.map(
        async ({ address }) =>
          [address, await lab.relay({ listenHost: '127.0.0.1', listenPort: 0, target: { host: address, port: 22 } })] as const,
      ),
    ),
  )
  const through = <Host extends { address: string; port: number }>(host: Host): Host => {
    const relay = relays.get(host.address)
    return relay === undefined ? host : { ...host, address: relay.host, port: relay.port }
  }
  return {
    ssh: {
      ...ssh,
      exec: (host, ...rest) => ssh.exec(through(host), ...rest),
      forward: (host, ...rest) => ssh.forward(through(host), ...rest),
      showHostKey: (host, ...rest) => ssh.showHostKey(through(host), ...rest),
      reach: (host, ...rest) => ssh.reach(through(host), ...rest),
      accepts: (host, ...rest) => ssh.accepts(through(host), ...rest),
    },
    close: async () => {
      await Promise.all([...relays.values()].map((relay) => relay.close()))
    },
  }
}
