import { type Env, env, environmentTable } from '@/lib/env'

export interface ConfiguredValue {
  name: string
  meaning: string
  /** What may be shown of it. */
  shown: string
  isDefault: boolean
}

/** Only these are shown as they are; anything not listed is a secret until somebody decides otherwise. */
const open = new Set<keyof Env>([
  'MATRIARCH_URL',
  'SESSION_HOURS',
  'SESSION_IDLE_MINUTES',
  'SECOND_FACTOR',
  'TRUSTED_PROXIES',
  'PLAIN_NETWORK',
  'LDAP_URL',
  'LDAP_STARTTLS',
  'LDAP_CA_FILE',
  'LDAP_BIND_DN',
  'LDAP_BASE_DN',
  'LDAP_USER_ATTRIBUTE',
  'LDAP_USER_FILTER',
  'LDAP_GROUP_BASE_DN',
  'MESSAGE_NETWORKS',
  'MESSAGE_CA_FILE',
  'RDS_CA_FILE',
  'HOOKS_DIRECTORY',
  'SMTP_FROM',
  'WORKER_ADDRESSES',
  'WORKER_CONCURRENCY',
  'OBSERVER',
  'LOG_LEVEL',
  'RESULT_DAYS',
  'SAMPLE_DAYS',
  'SAMPLE_COARSE_DAYS',
])
const addresses = new Set<keyof Env>(['DATABASE_URL', 'REDIS_URL', 'SMTP_URL'])

/** Where it points to, without who signs in there or with what. */
const withoutSecrets = (address: string): string => {
  const { protocol, host, pathname, searchParams } = new URL(address.replace('@/', '@localhost/'))
  return `${protocol}//${searchParams.get('host') ?? host}${pathname}`
}

/** The web process's own configuration, without secrets. Workers have their own. */
export const configuration = (): ConfiguredValue[] => {
  const values = env()
  return environmentTable().map(({ name, meaning, fallback }) => {
    const key = name as keyof Env
    const value = values[key]
    if (value === undefined || value === '') return { name, meaning, shown: 'not set', isDefault: true }
    const shown = open.has(key) ? String(value) : addresses.has(key) ? withoutSecrets(String(value)) : 'set, not shown'
    return { name, meaning, shown, isDefault: fallback !== '' && String(value) === fallback }
  })
}
