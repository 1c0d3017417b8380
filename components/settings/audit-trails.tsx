import { Note } from '@/components/ui/note'
import { State } from '@/components/ui/state'
import { Age } from '@/components/ui/zone'
import { counted } from '@/lib/domain/values/counted'
import type { AuditTrail } from '@/lib/shapes/audit'

const row = 'grid gap-1 border-t border-line px-3.5 py-3 first:border-t-0'

const stateOf = ({ breach, fault, checkedAt }: AuditTrail) => {
  if (breach) return <State tone="bad">altered</State>
  if (fault) return <State tone="warn">not kept</State>
  return checkedAt === null ? <State tone="neutral">not verified yet</State> : <State tone="good">intact</State>
}

const Trail = ({ trail }: { trail: AuditTrail }) => {
  const { place, alsoTo, checkedAt, wholeAt, wholeLines, breach, breachSince, fault, faultSince, checkpoint } = trail
  return (
    <li className={row}>
      <div className="flex flex-wrap items-baseline gap-x-4 gap-y-1">
        {stateOf(trail)}
        <strong className="min-w-0 [overflow-wrap:anywhere]">{trail.isOutside ? place : 'This database'}</strong>
        {alsoTo && <span className="text-ink-2 [overflow-wrap:anywhere]">also sent to {alsoTo}</span>}
      </div>
      {breach && (
        <Note tone="bad" title="The audit log is not the one that was signed.">
          <p>{breach.because}</p>
          <p>
            {breachSince && (
              <>
                Found <Age at={breachSince} />.{' '}
              </>
            )}
            {breach.intactAt ? (
              <>
                Every line was last found intact <Age at={breach.intactAt} />.
              </>
            ) : (
              'It has never been found intact.'
            )}{' '}
            No checkpoint is signed until this is explained. Keep the database and {trail.isOutside ? 'the file' : 'a copy of it'} as they
            are, and find out who had access. After a restore from a backup, move the file away: a new one begins, and the audit log says
            so.
          </p>
        </Note>
      )}
      {fault && (
        <Note tone="warn" title="Checkpoints cannot be kept.">
          {fault} {faultSince && <Age at={faultSince} />}
        </Note>
      )}
      <p className="text-ink-2">
        {checkedAt ? (
          <>
            Verified <Age at={checkedAt} />
            {wholeAt && (
              <>
                ; every line ({wholeLines}) <Age at={wholeAt} />
              </>
            )}
            .
          </>
        ) : (
          'Not verified yet.'
        )}{' '}
        {checkpoint ? (
          <>
            Checkpoint {checkpoint.number}, over {counted(checkpoint.lines, 'line', 'lines')}, signed <Age at={checkpoint.at} />
            {checkpoint.keyId && (
              <>
                {' '}
                with <code className="[overflow-wrap:anywhere]">{checkpoint.keyId}</code>
              </>
            )}
            .
          </>
        ) : (
          'No checkpoint yet.'
        )}
      </p>
    </li>
  )
}

/** Where signed checkpoints of the audit log are kept, and what verifying it against them last gave. */
export const AuditTrails = ({ trails }: { trails: readonly AuditTrail[] }) => {
  if (trails.length === 0)
    return <p className="p-3.5 text-ink-2">No worker has verified the audit log yet. The first does so within a minute of its start.</p>
  return (
    <>
      {!trails.some(({ isOutside }) => isOutside) && (
        <div className="p-3.5">
          <Note tone="warn" title="Checkpoints are kept in this database only.">
            Whoever owns the database can remove them together with the log. Set <code>AUDIT_FILE</code> for the workers, and{' '}
            <code>AUDIT_SYSLOG</code> to send them to another machine.
          </Note>
        </div>
      )}
      <ul>
        {trails.map((trail) => (
          <Trail key={trail.id} trail={trail} />
        ))}
      </ul>
    </>
  )
}
