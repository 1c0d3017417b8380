'use client'

import { Download } from 'lucide-react'
import { Button } from '@/components/ui/button'
import { CopyButton } from '@/components/ui/copy-button'
import { download } from '@/components/ui/download'

/** What is done with a certificate as PEM; it holds no key. */
export const CertificateActs = ({ pem, fingerprint, fileName }: { pem: string; fingerprint: string; fileName: string }) => (
  <>
    <CopyButton text={fingerprint} label="Copy fingerprint" />
    <Button isSmall onClick={() => download([pem], fileName, 'application/x-pem-file')}>
      <Download aria-hidden="true" />
      Download PEM
    </Button>
  </>
)
