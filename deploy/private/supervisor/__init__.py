"""The private stack (deploy/private/stack), in Python's standard library alone. A module uses only those above it.

place        where a stack is, how it was started, and what of it runs: for any command, and for tests
part         what each part has: how it starts, is ready, ends, and is found where an earlier life left it
postgresql   the part with the cluster, its template and the schema
web_server   the parts nginx and lighttpd, with their configuration and certificate
parts        the table of all parts, and the simple ones: Redis, the workers, the generator
supervise    the process that starts every part as its child, and looks after them
commands     what the command line asks
"""
