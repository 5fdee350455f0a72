# shellcheck shell=bash
# PostgreSQL, of Debian's version. It runs on the machine; pods come to it by Service postgres in namespace infra.
# Its log has every statement that it was sent.

# postgresql-common: its service would start Debian's own server after the next boot.
needs() { echo postgresql-15 postgresql-common; }
wants() { echo network kube-apiserver certificates; }
ports() { echo LAB_PORT_POSTGRES; }

programs=/usr/lib/postgresql/15/bin
# It refuses to be root. In a namespace of users this machine's root is called otherwise, and what is root's is its.
not_root=(unshare --user --map-user=postgres --map-group=postgres)

start() {
    local data=$LAB/data/postgres
    [[ -e $data/formatted ]] || format_data
    write_access >"$data/pg_hba.conf"
    # Key and certificate are read as the user that it is now.
    run_process "${not_root[@]}" "$programs/postgres" -D "$data" \
        -c listen_addresses='*' -c port="$LAB_PORT_POSTGRES" -c unix_socket_directories= \
        -c max_connections=200 -c fsync=off -c synchronous_commit=off -c full_page_writes=off \
        -c ssl=on -c ssl_cert_file="$LAB/pki/postgres.crt" -c ssl_key_file="$LAB/pki/postgres.key" \
        -c ssl_ca_file="$LAB/pki/back-ends.crt" -c password_encryption=scram-sha-256 \
        -c log_statement=all -c log_line_prefix='%m [%p] %u@%d ' \
        -c wal_level=logical -c max_prepared_transactions=20
}

# Users are made before anybody can come.
format_data() {
    rm -rf "$data"
    quietly "$LAB/logs/postgres-format.log" "${not_root[@]}" "$programs/initdb" --pgdata="$data" --no-sync \
        --username=postgres --pwfile=<(echo "$LAB_POSTGRES_PASSWORD") \
        --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8
    quietly "$LAB/logs/postgres-format.log" "${not_root[@]}" "$programs/postgres" --single -D "$data" postgres \
        <<<"CREATE ROLE $LAB_POSTGRES_CERTIFIED SUPERUSER LOGIN PASSWORD '$LAB_POSTGRES_PASSWORD'"
    touch "$data/formatted"
}

write_access() {
    cat <<HBA
hostssl all $LAB_POSTGRES_CERTIFIED all scram-sha-256 clientcert=verify-full
host    all $LAB_POSTGRES_CERTIFIED all reject
host    all all all scram-sha-256
HBA
}

ready() { "$programs/pg_isready" --quiet --host="$LAB_GATEWAY" --port="$LAB_PORT_POSTGRES"; }
after() { host_service infra postgres 5432 "$LAB_PORT_POSTGRES"; }

# At once: asked in the usual way, it waits for its clients to leave.
stop() {
    ! alive postgres || kill -QUIT "$(pid_in "$LAB/pids/postgres")" 2>/dev/null || true
    end_process postgres
}
