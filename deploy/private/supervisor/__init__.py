"""The private stack (deploy/private/stack), with Python's standard library alone. A module uses only those above it.

place        a stack's folder, its settings, and which parts run: for all commands, and for tests
part         the base class of parts: start, readiness, end, and processes that an earlier supervisor left
postgresql   the part with the cluster, its template and the schema
web_server   the parts nginx and lighttpd, with their configuration and certificate
parts        the table of all parts, and the simple ones: Redis, the workers, the generator
supervise    the process that starts every part as its child, and looks after them
commands     the commands of the command line
"""
