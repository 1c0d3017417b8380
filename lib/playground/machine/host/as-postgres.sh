# In a lab that runs as root hosts start as root; in a plain user's lab everything already is postgres.
as_postgres() {
	if [ "$(id -u)" = 0 ]; then
		HOME=/var/lib/postgresql setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"
	else
		HOME=/var/lib/postgresql "$@"
	fi
}
