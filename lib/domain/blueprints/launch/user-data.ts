/** What cloud-init makes of a machine at its first boot. It holds no secret: whoever is on the machine can read it. */
export const userDataFor = ({ hostname, publicKey, hasKeyPair }: { hostname: string; publicKey: string; hasKeyPair: boolean }): string =>
  [
    '#cloud-config',
    `hostname: ${hostname}`,
    'preserve_hostname: false',
    'ssh_pwauth: false',
    'disable_root: true',
    'users:',
    // People log in with their key pair as the image’s own user.
    ...(hasKeyPair ? ['  - default'] : []),
    '  - name: postgres',
    '    gecos: PostgreSQL administrator',
    '    homedir: /var/lib/postgresql',
    '    shell: /bin/bash',
    '    lock_passwd: true',
    '    sudo: "ALL=(ALL) NOPASSWD:ALL"',
    '    ssh_authorized_keys:',
    `      - ${publicKey.trim()}`,
    '',
  ].join('\n')
