-- GET of the one path that the command line names.
require("client")
