'use client'

import { Button } from '@/components/ui/button'
import { Choice, Line, Rows, type StepProps } from './fields'

/** How PostgreSQL and Patroni are set up. `memoryMb`: of the smallest server with PostgreSQL; null: not known. */
export const PostgresStep = ({ step, memoryMb }: { step: StepProps; memoryMb: number | null }) => (
  <>
    <Rows>
      <Line step={step} name="major" of="postgres.major" label="Major version" help="As Debian’s packages have it, such as 15." isNumber />
      <Line step={step} name="port" of="postgres.port" label="Port" isNumber />
      <Choice
        step={step}
        name="synchronous"
        of="postgres.synchronous"
        label="Commits"
        help="Strict commits wait even while no standby is there."
        choices={{
          on: 'wait for a standby while there is one',
          strict: 'always wait for a standby',
          off: 'wait for no standby: a failover may lose some',
        }}
      />
      <Choice
        step={step}
        name="profile"
        of="postgres.profile"
        label="Tuned for"
        help="The review explains each value."
        choices={{
          mixed: 'mixed work',
          transactions: 'short transactions',
          reporting: 'reports',
          plain: 'nothing: PostgreSQL’s own values',
        }}
      />
      <div className="grid content-start gap-2">
        <Line
          step={step}
          name="memoryMb"
          of="postgres.memoryMb"
          label="Memory for PostgreSQL (MiB)"
          help={`Empty: memory settings stay PostgreSQL’s own. ${
            memoryMb === null ? 'How much the servers have is not known yet.' : `The smallest of its servers has ${memoryMb} MiB.`
          }`}
          isNumber
        />
        {memoryMb !== null && memoryMb >= 256 && (
          <div>
            <Button isSmall onClick={() => step.form.setValue('memoryMb', String(memoryMb), { shouldDirty: true })}>
              Use {memoryMb}
            </Button>
          </div>
        )}
      </div>
      <Line step={step} name="maxConnections" of="postgres.maxConnections" label="Connections at most" isNumber />
    </Rows>
    <fieldset className="grid gap-4">
      <legend className="mb-1 font-semibold">Patroni</legend>
      <Rows>
        <Line
          step={step}
          name="ttl"
          of="patroni.ttl"
          label="Time to live (s)"
          help="Without a sign of life of the primary for so long, a standby takes over."
          isNumber
        />
        <Line step={step} name="loopWait" of="patroni.loopWait" label="Loop wait (s)" isNumber />
        <Line step={step} name="retryTimeout" of="patroni.retryTimeout" label="Retry timeout (s)" isNumber />
        <Choice
          step={step}
          name="watchdog"
          of="patroni.watchdog"
          label="Watchdog"
          help="softdog resets a primary whose Patroni hangs."
          choices={{ off: 'off', automatic: 'where there is one', required: 'required' }}
        />
      </Rows>
    </fieldset>
  </>
)

/** Where clients come in, and what they find. */
export const DoorsStep = ({ step }: { step: StepProps }) => (
  <>
    <fieldset className="grid gap-4">
      <legend className="mb-1 font-semibold">Database</legend>
      <Rows>
        <Line step={step} name="database" of="database.name" label="Database" isRequired />
        <Line
          step={step}
          name="users"
          of="database.users"
          label="Users"
          help="Several by commas. The first one owns the database; each gets a password, sealed."
          isRequired
        />
      </Rows>
    </fieldset>
    <fieldset className="grid gap-4">
      <legend className="mb-1 font-semibold">PgBouncer</legend>
      <Rows>
        <Line step={step} name="poolerPort" of="pooler.port" label="Port" isNumber />
        <Choice
          step={step}
          name="poolMode"
          of="pooler.poolMode"
          label="A server connection is kept for"
          choices={{ transaction: 'a transaction', session: 'a session', statement: 'a statement' }}
        />
        <Line
          step={step}
          name="poolSize"
          of="pooler.poolSize"
          label="Pool size"
          help="Server connections for each user and database."
          isNumber
        />
        <Line step={step} name="maxClients" of="pooler.maxClients" label="Clients at most" isNumber />
      </Rows>
    </fieldset>
    <fieldset className="grid gap-4">
      <legend className="mb-1 font-semibold">HAProxy</legend>
      <Rows>
        <Line step={step} name="writePort" of="proxy.writePort" label="Port for writing" help="Leads to the primary." isNumber />
        <Line step={step} name="readPort" of="proxy.readPort" label="Port for reading" help="Leads to the standbys." isNumber />
      </Rows>
    </fieldset>
    <Rows>
      <Line step={step} name="certificateDays" of="certificateDays" label="Certificates are valid for (days)" isNumber />
    </Rows>
  </>
)
