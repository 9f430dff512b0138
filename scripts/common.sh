# Sourced by the scripts: where things are, and who runs the server.
#
# The server does not run as root, and its files must be reachable for the user it runs as; a
# clone under a private home folder is not, and a socket's path is limited to about 100
# bytes.  In both cases installation and cluster go to a folder under /var/tmp instead.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
build=${BUILD:-$root/build}
case "$build" in /*) ;; *) build=$root/$build ;; esac

# The newest of Debian's servers that is there with its headers: prints the major version, or nothing.
installed_server() {
  local dir
  for dir in /usr/lib/postgresql/*/; do
    if [ -x "$dir/bin/postgres" ] && [ -e "$dir/lib/pgxs/src/makefiles/pgxs.mk" ]; then basename "$dir"; fi
  done | sort -n | tail -1
}
pg_config=${PG_CONFIG:-/usr/lib/postgresql/$(installed_server)/bin/pg_config}
[ -x "$pg_config" ] || pg_config=pg_config

if [ "$(id -u)" -eq 0 ]; then
  server_user=postgres
  id "$server_user" >/dev/null 2>&1 || server_user=nobody
else
  server_user=$(id -un)
fi

# Run a command as the user of the server.
as_server() {
  if [ "$(id -un)" = "$server_user" ]; then
    "$@"
  else
    setpriv --reuid "$server_user" --regid "$(id -g "$server_user")" --init-groups \
      env HOME="$home" USER="$server_user" LOGNAME="$server_user" "$@"
  fi
}

choose_home() {
  local tag
  home=$build
  mkdir -p "$build"
  if [ ${#build} -le 60 ] && { [ "$(id -un)" = "$server_user" ] ||
      setpriv --reuid "$server_user" --regid "$(id -g "$server_user")" --init-groups test -x "$build" -a -r "$root/Makefile" 2>/dev/null; }; then
    return
  fi
  tag=$(printf '%s' "$build" | cksum | cut -d' ' -f1)
  home=/var/tmp/sustainml-$(id -u)-$tag
  mkdir -p "$home"
  chmod 755 "$home"
}
choose_home

prefix=$home/pg             # the private installation
data=$home/cluster          # the private cluster
sockets=$home/run
port=$((20000 + $(printf '%s' "$home" | cksum | cut -d' ' -f1) % 20000))
bindir=$prefix$("$pg_config" --bindir 2>/dev/null || true)
export PGHOST=$sockets PGPORT=$port PGUSER=postgres PGDATABASE=postgres
export PATH=$bindir:$PATH
