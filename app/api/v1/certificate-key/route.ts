import { certificatePublicKey } from '@/db/keys/certificate-key'
import { keyIdOf } from '@/lib/kernel/ground/certificate'
import { Fault } from '@/lib/kernel/ground/errors'
import { calls } from '../../_lib/calls'
import { serve } from '../../_lib/serve'

export const GET = serve(calls.certificateKey, async () => {
  const publicKey = await certificatePublicKey()
  if (publicKey === null)
    throw new Fault('record.missing', { because: 'There is no key yet: a worker makes it with the first certificate.' })
  return { keyId: keyIdOf(publicKey), publicKey }
})
