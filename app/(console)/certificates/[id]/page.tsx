import type { Metadata } from 'next'
import { CertificateView } from '@/components/failover/certificate'
import { PrintButton } from '@/components/failover/print-button'
import { PageHeader } from '@/components/shell/page-header'
import { LinkButton } from '@/components/ui/button'
import { Note } from '@/components/ui/note'
import { certificatePublicKey } from '@/db/keys/certificate-key'
import { certificateDocument } from '@/db/runs/certificates'
import { checkCertificate, keyIdOf } from '@/lib/kernel/ground/certificate'
import { loadObject } from '../../[resource]/[id]/load'

interface Props {
  params: Promise<{ id: string }>
}

export const generateMetadata = async ({ params }: Props): Promise<Metadata> => {
  const { record } = await loadObject('certificates', (await params).id)
  return { title: `Certificate of ${record.title}` }
}

/** Checked at each showing, as `matriarch verify` does: what was changed in the database is not shown as proven. */
const CertificatePage = async ({ params }: Props) => {
  const { record, environment, crumbs } = await loadObject('certificates', (await params).id)
  const [document, publicKey] = await Promise.all([certificateDocument(record.id), certificatePublicKey()])
  const checked = checkCertificate(Buffer.from(document ?? ''), publicKey === null ? null : keyIdOf(publicKey))
  return (
    <>
      <PageHeader
        crumbs={crumbs}
        title={`Certificate of ${record.title}`}
        environment={environment}
        actions={
          <>
            <LinkButton href={`/runs/${String(record.values.runId)}?job=${record.id}`}>Its run</LinkButton>
            <LinkButton href={`/api/v1/certificates/${record.id}/document`} download={`certificate-${record.id}.json`}>
              Download
            </LinkButton>
            <PrintButton />
          </>
        }
      />
      {checked.isValid ? (
        <CertificateView
          {...checked.certificate}
          signature={{
            keyId: checked.keyId,
            isGood: true,
            says: checked.isKnownKey === true ? 'Valid, by this console’s key' : 'Valid, by a key that this console does not know',
          }}
        />
      ) : (
        <div className="page-body">
          <Note
            tone={checked.isLater ? 'warn' : 'bad'}
            isAlert
            title={checked.isLater ? 'This certificate cannot be verified here.' : 'This certificate is not valid.'}
          >
            {checked.because}
          </Note>
        </div>
      )}
    </>
  )
}

export default CertificatePage
