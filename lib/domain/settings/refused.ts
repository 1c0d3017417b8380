import { ofSessions } from './setting'

const byOther = (names: readonly string[], because: string): [string, string][] => names.map((name) => [name, because])

/** Why these are not set here, and what to do in its place. Sentences without their end. */
const refused: ReadonlyMap<string, string> = new Map([
  ...byOther(
    [
      'data_directory',
      'config_file',
      'hba_file',
      'ident_file',
      'external_pid_file',
      'allow_alter_system',
      'include',
      'include_dir',
      'include_if_exists',
    ],
    'PostgreSQL takes it from postgresql.conf or the command line alone, not from ALTER SYSTEM. Edit the file on the host',
  ),
  ...byOther(
    ['primary_conninfo', 'primary_slot_name'],
    'it says whom a standby follows, and the console writes it itself. Use Repoint on the standby',
  ),
  ...byOther(
    ['port', 'unix_socket_directories'],
    'the console reaches the server by it. Change it on the host, and then the port in the record of the herd',
  ),
  ...byOther(['cluster_name', 'event_source', 'recovery_target_timeline'], 'each server has its own. Edit the file on the host'),
  ...byOther(
    [
      'recovery_target',
      'recovery_target_action',
      'recovery_target_inclusive',
      'recovery_target_lsn',
      'recovery_target_name',
      'recovery_target_time',
      'recovery_target_xid',
    ],
    'it ends a recovery, and a standby would stop following. Set it in the files of a server that is restored',
  ),
  ...byOther([...ofSessions], 'each session has its own'),
])

/** A sentence without its end; null: its name does not speak against it. */
export const refusedByName = (name: string): string | null => refused.get(name.toLowerCase()) ?? null
