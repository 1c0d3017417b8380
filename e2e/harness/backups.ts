import { readFileSync } from 'node:fs'
import { Identities } from '@/lib/playground/cloud/identity'
import { type RunningS3, startS3 } from '@/lib/playground/cloud/s3'
import type { Lab } from '@/lib/playground/lab/lab'
import { consoleAddress } from '@/lib/playground/machine/layout'
import { makeCertificates } from '@/lib/playground/services/certificates'
import { openDoorInto } from '@/lib/playground/start/door'

export interface LabS3 {
  s3: RunningS3['s3']
  keys: { accessKeyId: string; secretAccessKey: string }
  /** What pgBackRest on a host of the lab is told of it. */
  lines: string[]
  /** PEM, for the hosts. */
  authority: string
  stop: () => Promise<void>
}

/** A twin of S3 that a lab's hosts reach over TLS by the name `console`, with one bucket. */
export const startLabS3 = async (lab: Lab, bucket: string, authorityFile: string): Promise<LabS3> => {
  const tls = await makeCertificates(lab.layout.at('s3-tls'), { ips: [consoleAddress], dns: ['console'] })
  const identities = new Identities('123456789012', Date.now)
  const keys = identities.addUser('backups')
  const running = await startS3({
    ...{ folder: lab.layout.at('s3'), buckets: [bucket], identities, host: 's3.eu-west-1.amazonaws.com' },
    tls: { key: readFileSync(tls.keyFile, 'utf8'), cert: readFileSync(tls.certificateFile, 'utf8') },
  })
  const close = await openDoorInto(lab, running.port, lab.layout.at('door-s3'), consoleAddress)
  return {
    s3: running.s3,
    keys,
    authority: readFileSync(tls.caFile, 'utf8'),
    lines: [
      'repo1-type=s3',
      `repo1-s3-bucket=${bucket}`,
      'repo1-s3-region=eu-west-1',
      'repo1-s3-endpoint=s3.eu-west-1.amazonaws.com',
      `repo1-s3-key=${keys.accessKeyId}`,
      `repo1-s3-key-secret=${keys.secretAccessKey}`,
      'repo1-storage-host=console',
      `repo1-storage-port=${running.port}`,
      `repo1-storage-ca-file=${authorityFile}`,
    ],
    stop: async () => {
      await close()
      await running.stop()
    },
  }
}
