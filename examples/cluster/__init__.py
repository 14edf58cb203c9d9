"""Several processes of Auth on one PostgreSQL, behind nginx, all on this machine."""
