/** Debian's PostgreSQL, its clients, and what they load. */
export const postgresqlPackages = [
  ...["postgresql-15", "postgresql-client-15", "libpq5", "libicu72", "libldap-2.5-0", "libsasl2-2"],
  ...["libxml2", "libgssapi-krb5-2", "libkrb5-3", "libk5crypto3", "libkrb5support0", "libkeyutils1"],
  ...["libreadline8", "libtinfo6"],
];

/** Debian's MariaDB, its clients, and what they load. */
export const mariadbPackages = [
  ...["mariadb-server", "mariadb-server-core", "mariadb-client", "mariadb-client-core", "libmariadb3"],
  ...["libncurses6", "libtinfo6", "liburing2", "libnuma1", "libpcre2-8-0", "libedit2", "libbsd0", "libmd0"],
  ...["libaio1"],
];
