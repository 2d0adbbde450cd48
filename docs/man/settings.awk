# Lists the settings of conf/flashsale.conf for flashsale.conf(5): each with its default and its comment.

function text(line) {
    gsub(/\\/, "\\e", line)
    # A line must not begin as a request does.
    return line ~ /^[.']/ ? "\\&" line : line
}

function quoted(value) {
    gsub(/"/, "\\(dq", value)
    return value
}

/^\/\// {
    sub(/^\/\/ ?/, "")
    said = said text($0) "\n"
    next
}
/^$/ { said = "" }
/^[a-z_]+:$/ {
    group = substr($0, 1, length($0) - 1)
    printf ".Ss %s\n", group
    if (said != "")
        printf "%s", said
    print ".Bl -tag -width Ds"
    said = ""
}
/^ +\/\// {
    sub(/^ +\/\/ ?/, "")
    said = said text($0) "\n"
}
/^ +[a-z_]+ = / {
    name = $1
    value = $0
    sub(/^ +[a-z_]+ = /, "", value)
    note = ""
    if (match(value, /; +\/\/ /)) {
        note = "For " substr(value, RSTART + RLENGTH) ".\n"
        value = substr(value, 1, RSTART)
    }
    sub(/;$/, "", value)
    printf ".It Va %s.%s No = %s\n%s%s", group, name, quoted(value), said, note
    said = ""
}
/^};/ { print ".El" }
