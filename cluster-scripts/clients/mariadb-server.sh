# All databases of a MariaDB or MySQL server as one text, with its accounts.
. "$(dirname "$0")/mariadb.sh"

begin_alone
whatever=alone
dump_of "" --all-databases --flush-privileges
finish
