/** A line of pg_hba.conf as pg_hba_file_rules tells it: `address` without its mask, which is null where it is a name or a word. */
export interface HbaRule {
  type: string
  databases: string
  users: string
  address: string | null
  netmask: string | null
  method: string
}

/** `host app app 10.0.0.0/8 scram-sha-256`. */
export const hbaRuleText = ({ type, databases, users, address, netmask, method }: HbaRule): string =>
  [type, databases, users, address === null || netmask === null ? address : `${address}/${maskLength(netmask)}`, method]
    .filter((part) => part !== null)
    .join(' ')

/** Of a mask such as 255.0.0.0 or ffff:ffff::, the number of its ones. */
const maskLength = (netmask: string): number =>
  netmask
    .split(/[.:]/)
    .flatMap((part) => [...Number.parseInt(part || '0', netmask.includes(':') ? 16 : 10).toString(2)])
    .filter((bit) => bit === '1').length
