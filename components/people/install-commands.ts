/**
 * The commands that put the agent on a host, in order, as root: each runs only when the one before it succeeded, so a file that is not the published one
 * never becomes a program. The key is read from standard input so that no process list shows it. On a host that lost its token they enrol it again.
 */
export const installCommands = (origin: string, key: string): string =>
  [
    `curl -fsSo /usr/local/bin/matriarch-report ${origin}/agent/matriarch-report`,
    `curl -fsS ${origin}/agent/matriarch-report.sha256 | (cd /usr/local/bin && sha256sum -c -)`,
    'chmod 755 /usr/local/bin/matriarch-report',
    'mkdir -p /etc/matriarch && install -d -o postgres /var/lib/matriarch',
    `echo MATRIARCH_URL=${origin} > /etc/matriarch/agent.env`,
    `echo ${key} | runuser -u postgres -- matriarch-report --enrol -`,
    'runuser -u postgres -- matriarch-report',
  ].join(' &&\n')
