import { LinkButton } from '@/components/ui/button'
import { CopyButton } from '@/components/ui/copy-button'
import { State } from '@/components/ui/state'
import { Age } from '@/components/ui/zone'
import type { HealthCheck, HealthFinding } from '@/lib/shapes/health'
import { detailsOf, findingTones, findingWords } from './words'

export const Findings = ({ check, hasMany }: { check: HealthCheck; hasMany: boolean }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard.
  <section className="relative overflow-x-auto" tabIndex={0} aria-label={`Table: ${check.title}`}>
    <table className="sheet" data-density="dense">
      <thead>
        <tr>
          <th scope="col">State</th>
          <th scope="col">What</th>
          {hasMany && <th scope="col">Member</th>}
          <th scope="col">Value</th>
          <th scope="col">Since</th>
          <th scope="col">Remedy</th>
        </tr>
      </thead>
      <tbody>
        {check.findings.map((one) => (
          <tr key={`${one.instanceId} ${one.database} ${one.object}`}>
            <td>
              <State tone={findingTones[one.state]}>{findingWords[one.state]}</State>
              {one.state === 'unknown' && one.was !== 'none' && <small>was {one.was}</small>}
            </td>
            <th scope="row" className="health-object">
              {one.database !== '' && `${one.database}: `}
              {one.object}
              <small>{detailsOf(one)}</small>
            </th>
            {hasMany && <td>{one.title}</td>}
            <td>{one.shown}</td>
            <td>
              <Age at={one.since} />
              <small>
                seen <Age at={one.seenAt} />
              </small>
            </td>
            <td className="health-remedy">
              {one.remedy.text}
              <Acts finding={one} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </section>
)

const Acts = ({ finding: { remedy } }: { finding: HealthFinding }) =>
  remedy.operation === null && remedy.statement === null ? null : (
    <div>
      {remedy.operation !== null && (
        <LinkButton
          isSmall
          href={`/instances/run/${remedy.operation.name}?${new URLSearchParams({ ids: remedy.operation.targetId, ...remedy.operation.input })}`}
        >
          {remedy.operation.title}
        </LinkButton>
      )}
      {remedy.statement !== null && (
        <>
          <code>{remedy.statement}</code>
          <CopyButton text={remedy.statement} label="Copy" />
        </>
      )}
    </div>
  )
