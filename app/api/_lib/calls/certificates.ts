import { z } from 'zod'
import { defineCall } from '../call'

const tag = 'certificates'

export const certificateCalls = {
  certificateDocument: defineCall({
    method: 'GET',
    path: '/api/v1/certificates/{id}/document',
    tag,
    caller: 'actor',
    summary: 'The signed file of a certificate',
    description: 'Byte for byte as it was signed: matriarch verify FILE verifies it without the console.',
    output: z.looseObject({}),
    faults: ['record.missing'],
  }),
  certificateKey: defineCall({
    method: 'GET',
    path: '/api/v1/certificate-key',
    tag,
    caller: 'actor',
    summary: 'The public key that certificates are signed with',
    output: z.object({ keyId: z.string(), publicKey: z.string().describe('PEM') }),
    faults: ['record.missing'],
  }),
}
