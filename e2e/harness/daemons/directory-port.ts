import { makeLdapDirectory } from '@/lib/adapters/ldap'
import type { Directory } from '@/lib/ports/directory'
import type { TestDirectory } from './directory'

/** The console's own way to a directory of a test, over TLS. */
export const directoryOf = ({ ldapsUrl, ca, service, baseDn }: TestDirectory): Directory =>
  makeLdapDirectory({
    url: ldapsUrl,
    startTls: false,
    crl: null,
    ca,
    service,
    peopleBaseDn: `ou=people,${baseDn}`,
    userAttribute: 'uid',
    userFilter: null,
    groupsBaseDn: `ou=groups,${baseDn}`,
    deadlineMs: 5_000,
  })
