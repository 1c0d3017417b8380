import { pythonOf } from './patroni-python'

/**
 * Tells who takes writes, from the server's own data directory (`$1`), five times a second and without asking the server: `role=primary`, `role=standby` or
 * `role=none` at the start and at each change, and `alive=` every five seconds, so that a connection that died is found. PostgreSQL takes standby.signal away
 * (recovery.conf up to 11) when it has been promoted. Ends when its output does.
 */
export const watchRoleScript = `
${pythonOf}
python=$(python_of)
[ -n "$python" ] || { echo "problem=There is no Python on the host."; exit 0; }
exec "$python" -I -c '
import os, sys, time
directory = sys.argv[1]
def at(name):
    return os.path.exists(os.path.join(directory, name))
def role():
    try:
        with open(os.path.join(directory, "postmaster.pid")) as file:
            os.kill(int(file.readline()), 0)
    except PermissionError:
        pass
    except (OSError, ValueError):
        return "none"
    return "standby" if at("standby.signal") or at("recovery.conf") else "primary"
said, toldAt = None, 0.0
while True:
    now, seen = time.monotonic(), role()
    if seen != said:
        print("role=" + seen, flush=True)
        said, toldAt = seen, now
    elif now - toldAt > 5:
        print("alive=", flush=True)
        toldAt = now
    time.sleep(0.2)
' "$1"`
