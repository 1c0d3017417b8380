/** A type as EC2 describes it. */
export interface OfferedType {
  type: string
  vcpus: number
  memoryMib: number
  architectures: string[]
  /** Its network needs the driver for ENA in the machine's image. */
  needsEna: boolean
  /** GB of disks that are lost when the machine stops; null: it has none. */
  instanceStorageGb: number | null
  /** Sustained, towards its volumes; null: not said. */
  ebsBaselineMbps: number | null
  /** In the machine's zone. */
  isOffered: boolean
}

/** What decides whether a machine can become another type. */
export interface FittedMachine {
  type: string
  zone: string
  market: 'on-demand' | 'spot'
  architecture: string
  hasEna: boolean
}

/** Why the machine cannot become `to`, in words; null: it can. `to` null: EC2 knows no such type. */
export const whyNotFit = (machine: FittedMachine, from: OfferedType | null, name: string, to: OfferedType | null): string | null => {
  if (name === machine.type) return `It is ${name} already.`
  if (machine.market === 'spot') return 'It is a spot machine: AWS does not let one stop and come back as another type.'
  if (from?.instanceStorageGb)
    return `It is ${from.type}, whose own disks are lost when it stops. Copy its data to another machine instead.`
  if (to === null) return `EC2 knows no type ${name} in this region.`
  if (!to.architectures.includes(machine.architecture))
    return `${name} is ${to.architectures.join(' or ')}, and the machine’s image is ${machine.architecture}.`
  if (to.needsEna && !machine.hasEna) return `${name} needs the ENA driver, and the machine is not enabled for it.`
  if (!to.isOffered) return `${name} is not offered in ${machine.zone}.`
  return null
}

/** What the machine loses with the type, in words. */
export const losses = (from: OfferedType | null, to: OfferedType): string[] => [
  ...(from && to.vcpus < from.vcpus ? [`${to.vcpus} vCPUs instead of ${from.vcpus}`] : []),
  ...(from && to.memoryMib < from.memoryMib ? [`${gib(to)} of memory instead of ${gib(from)}`] : []),
  ...(from?.ebsBaselineMbps && to.ebsBaselineMbps && to.ebsBaselineMbps < from.ebsBaselineMbps
    ? [`${to.ebsBaselineMbps} Mbit/s to its volumes instead of ${from.ebsBaselineMbps}`]
    : []),
]

const gib = ({ memoryMib }: OfferedType): string => `${Number((memoryMib / 1024).toFixed(1))} GiB`

/** `2 vCPUs, 8 GiB`. */
export const sayType = (one: OfferedType): string => `${one.vcpus} vCPUs, ${gib(one)}`
